import ArgumentParser

/// `cnn-dist data`: gets, checks and shows the images.
public struct DataCommand: ParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "data",
    abstract: "Get, check and look at the images.",
    discussion: """
      Fashion-MNIST is looked for in --data, then $CNN_DIST_DATA, then
      data/fashion-mnist and /usr/share/datasets/fashion-mnist, where Debian's
      package dataset-fashion-mnist puts it.

      Own data lie in --data: images and labels in MNIST's files (--dataset idx), or
      a folder of PNG files for each class (--dataset folder), below train/ and
      test/ or split by --test-fraction.

      Examples:
        cnn-dist data fetch
        cnn-dist data verify
        cnn-dist data show --class sneaker --count 4
        cnn-dist data show --augment flip,crop,erase
        cnn-dist data verify --dataset idx --data emnist --classes 47
        cnn-dist data verify --dataset folder --data pictures
      """,
    subcommands: [Fetch.self, Verify.self, Show.self])

  public init() {}
}
