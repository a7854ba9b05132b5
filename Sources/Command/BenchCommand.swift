import ArgumentParser

/// `cnn-dist bench`: how fast this machine is at what.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure how fast this machine is at what.",
    discussion: """
      Examples:
        cnn-dist bench step vgg11                  whole training steps
        cnn-dist bench layers resnet18             where the time of a step goes
        cnn-dist bench kernels                     single shapes, beside OpenBLAS
        mpirun -n 4 cnn-dist bench allreduce       sums over ranks
        cnn-dist bench loader                      pictures, from bytes to floats
      """,
    subcommands: [
      BenchLayers.self, BenchStep.self, BenchKernels.self, BenchAllReduce.self, BenchLoader.self,
    ])
}
