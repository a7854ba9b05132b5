import Datasets
import Tensors
import Testing

@Suite struct SyntheticGarmentsTests {
  /// The drawings are part of published results: whoever changes them changes this number.
  @Test func drawingsNeverChange() {
    let set = SyntheticGarments(seed: 0, trainCount: 1000, testCount: 1000).load(.train)
    #expect(set.digest == "2bde77a96155bbac3f577c6855e10b04f6fb2124146dfca6f80bd361d1f2e9f9")
  }

  @Test func anyCountIsAPrefixOfALargerOne() {
    let large = SyntheticGarments(seed: 3, trainCount: 200, testCount: 50)
    let small = SyntheticGarments(seed: 3, trainCount: 57, testCount: 50)
    #expect(small.load(.train).digest == large.load(.train).prefix(57).digest)
  }

  @Test func seedsAndSplitsDiffer() {
    let one = SyntheticGarments(seed: 1, trainCount: 100, testCount: 100)
    let two = SyntheticGarments(seed: 2, trainCount: 100, testCount: 100)
    let images = [one.load(.train), one.load(.test), two.load(.train)].flatMap { set in
      (0..<set.count).map { Array(set.pixels(of: $0)) }
    }
    #expect(Set(images).count == 300)
  }

  @Test func classesAreBalancedAndShuffled() {
    let set = SyntheticGarments(seed: 5, trainCount: 1000).load(.train)
    for label in 0..<10 { #expect(set.labels.count { $0 == label } == 100) }
    let tens = stride(from: 0, to: 1000, by: 10).map { Array(set.labels[$0..<$0 + 10]) }
    #expect(tens.allSatisfy { Set($0).count == 10 })
    #expect(Set(tens).count > 90)
    #expect(set.classNames == FashionMNIST.classNames)
  }

  /// Comparing with the mean image of each class gets well past guessing (0.1) and stays well below what a network
  /// reaches (0.87 for LeNet after four epochs): the classes differ, and telling them apart takes more than a template.
  @Test func learnableButNotTrivial() {
    let source = SyntheticGarments(seed: 7, trainCount: 2000, testCount: 1000)
    let train = source.load(.train)
    let test = source.load(.test)
    var means = [[Float]](repeating: [Float](repeating: 0, count: 784), count: 10)
    for index in 0..<train.count {
      let label = Int(train.labels[index])
      for (pixel, value) in train.pixels(of: index).enumerated() { means[label][pixel] += Float(value) / 200 }
    }
    var correct = 0
    for index in 0..<test.count {
      let image = test.pixels(of: index).map(Float.init)
      let distances = means.map { mean in zip(mean, image).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } }
      let nearest = distances.indices.min { distances[$0] < distances[$1] }
      if nearest == Int(test.labels[index]) { correct += 1 }
    }
    #expect(correct > 500 && correct < 800, "\(correct) of 1000")
  }
}
