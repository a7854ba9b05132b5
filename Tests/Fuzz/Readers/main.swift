import CLibFuzzer
import Glibc

// Gives libFuzzer's inputs to a reader, as a file in memory: `fuzz-readers READER [OPTION OF LIBFUZZER]...`. `scripts/fuzz`
// builds it, for only the fuzzer's own build has what it is linked with.

guard Reader.chosen != nil else {
  print("usage: fuzz-readers \(Reader.all.keys.sorted().joined(separator: "|")) [OPTION OF LIBFUZZER]...")
  exit(64)
}

var count = CommandLine.argc - 1
// Without the reader's name, which libFuzzer would take for a directory.
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv + 1
exit(
  LLVMFuzzerRunDriver(&count, &arguments) { bytes, count in
    if let bytes { Reader.chosen?.read(bytes, count: count) }
    return 0
  })
