import Datasets
import Failures
import Files
import Glibc
import Tensors

/// How long a thread takes to make a picture for a network out of a data set's bytes, beside copying one that was resized before.
public enum LoaderBenchmark {
  public struct Row: Sendable, Codable {
    public let work: String
    /// Of one picture.
    public let seconds: Double
    /// What all of the data set's pictures take in the form that is read.
    public let bytes: Int
  }

  private static let batch = 32
  /// The batch that is filled, and the one in use.
  private static let buffers = 2
  /// Bytes of the pictures that are copied, unless all of them take less.
  private static let copied = 2_400_000_000

  /// As many pictures as Fashion-MNIST has; every round goes on behind the one before, as far as there are others. Those that are copied
  /// take up to 2.4 GB.
  ///
  /// - Parameters:
  ///   - sample: the shape of one picture as a network wants it.
  ///   - rounds: measured behind one that warms up; medians count.
  /// - Throws: `inputOutput` where the system refuses that memory.
  public static func rows(sample: Shape, rounds: Int) throws(Failure) -> [Row] {
    precondition(rounds > 0, "there is something to measure")
    let set = SyntheticGarments().load(.train)
    let order = Sampler(count: set.count, seed: 1).order(epoch: 1)
    // A round takes a tenth of a second or so.
    let count = min(set.count, max(batch, 100_000_000 / sample.count))
    func seconds(_ body: (_ pictures: [Int32]) -> Void) -> Double {
      let times = (0...rounds).map { round in
        let pictures = (0..<count).map { order[(round * count + $0) % order.count] }
        var watch = Stopwatch()
        body(pictures)
        return watch.lap()
      }
      return median(Array(times.dropFirst())) / Double(count)
    }
    func loading(_ work: String, _ augmentation: Augmentation? = nil, mixup: Double = 0) -> Row {
      let loader = Loader(set: set, sample: sample, capacity: batch, augmentation: augmentation, mixup: mixup)
      defer { loader.stop() }
      let seconds = seconds { pictures in
        loader.begin(Pass(order: pictures, globalBatch: batch))
        while loader.next() != nil {}
      }
      return Row(work: work, seconds: seconds, bytes: set.count * set.shape.count)
    }
    func copying() throws(Failure) -> Row {
      let size = sample.count * MemoryLayout<Float>.stride
      let source = try SharedPictures(count: min(set.count, copied / size), of: sample.count)
      let target = FloatBuffer(count: buffers * batch * sample.count)
      defer { withExtendedLifetime((source, target)) {} }
      let seconds = seconds { pictures in
        for (index, picture) in pictures.enumerated() {
          let place = target.base + index % (buffers * batch) * sample.count
          place.update(from: source[Int(picture)], count: sample.count)
        }
      }
      return Row(work: "copied, resized before", seconds: seconds, bytes: set.count * size)
    }
    return [
      loading("resized"), loading("augmented, resized", .usual),
      loading("augmented, two blended, resized", .usual, mixup: 0.2), try copying(),
    ]
  }
}

/// Pictures in memory as processes share it, in small pages; without a file, since /dev/shm is small in containers.
private final class SharedPictures {
  private let base: UnsafeMutablePointer<Float>
  private let count: Int
  private let size: Int

  /// - Parameter size: floats of a picture.
  init(count: Int, of size: Int) throws(Failure) {
    let bytes = count * size * MemoryLayout<Float>.stride
    let address = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)
    guard let address, address != MAP_FAILED else {
      throw SystemCall.failure("mmap", "\(bytes) bytes of memory", .inputOutput, errno)
    }
    (self.count, self.size) = (count, size)
    base = address.bindMemory(to: Float.self, capacity: count * size)
    base.initialize(repeating: 0.5, count: count * size)
  }

  deinit { munmap(base, count * size * MemoryLayout<Float>.stride) }

  /// A picture; behind the last comes the first.
  subscript(index: Int) -> UnsafePointer<Float> { UnsafePointer(base + index % count * size) }
}
