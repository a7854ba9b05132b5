import Datasets
import Failures
import Testing

@Suite struct AugmentationTests {
  private typealias Method = Augmentation.Method

  private func error(parsing list: String) -> Failure? {
    do throws(Failure) {
      _ = try Augmentation(parsing: list)
      return nil
    } catch { return error }
  }

  @Test func usualAndGivenStrengths() throws {
    let usual = try Augmentation(parsing: "flip,rotate,crop,brightness,contrast,erase")
    #expect(usual == Augmentation.usual)
    #expect(Method.allCases.map { usual[$0] } == [0.5, 10, 4, 0.2, 0.2, 0.25])
    let given = try Augmentation(parsing: " erase:0.1 , crop:2,rotate: 7.5")
    #expect(given == Augmentation([.rotate: 7.5, .crop: 2, .erase: 0.1]))
    #expect(!given.isNone)
  }

  @Test func noneAndZeroStrengthsAreNothing() throws {
    #expect(try Augmentation(parsing: "none") == Augmentation())
    #expect(try Augmentation(parsing: "flip:0,crop:0").isNone)
    #expect(Augmentation().description == "none")
  }

  @Test(arguments: ["none", "flip:0.5,crop:4", "rotate:12.5,erase:0.25", "brightness:0.1,contrast:1"])
  func descriptionReadsBack(list: String) throws {
    let augmentation = try Augmentation(parsing: list)
    #expect(augmentation.description == list)
    #expect(try Augmentation(parsing: augmentation.description) == augmentation)
  }

  @Test func descriptionIsInOrderOfApplication() throws {
    #expect(try Augmentation(parsing: "erase,flip").description == "flip:0.5,erase:0.25")
  }

  @Test(arguments: [
    ("flop", "unknown augmentation 'flop'", "did you mean 'flip'? known: flip, rotate, crop, "),
    ("crop,Brightnes:0.1", "unknown augmentation 'Brightnes'", "did you mean 'brightness'? "),
    ("xyzzyplugh", "unknown augmentation 'xyzzyplugh'", "known: flip, "),
    ("flip,,crop", "an augmentation without a name", "known: "),
    ("", "an augmentation without a name", "known: "),
    ("flip,none", "augmentation 'none' stands alone", ""),
    ("flip,crop,flip:0.2", "augmentation 'flip' is named twice", ""),
    ("flip:2", "augmentation 'flip:2': flip takes a probability, 0...1", ""),
    ("crop:1.5", "augmentation 'crop:1.5': crop takes whole pixels, 0...27", ""),
    ("crop:28", "augmentation 'crop:28': crop takes whole pixels, 0...27", ""),
    ("rotate:-1", "augmentation 'rotate:-1': rotate takes degrees, 0...180", ""),
    ("erase:nan", "augmentation 'erase:nan': erase takes a probability, 0...1", ""),
    ("contrast:", "augmentation 'contrast:': contrast takes a share, 0...1", ""),
    ("contrast:0.1:2", "augmentation 'contrast:0.1:2': contrast takes a share, 0...1", ""),
  ])
  func nonsenseIsExplained(list: String, what: String, advice: String) throws {
    let failure = try #require(error(parsing: list))
    #expect(failure.code == .usage)
    #expect(failure.what == what)
    #expect(failure.advice.hasPrefix(advice) && failure.advice.isEmpty == advice.isEmpty)
  }
}
