import Datasets
import Failures
import Optimizers

/// Settings whose text has a grammar of its own.
extension Setting {
  static let augment = Setting(
    name: "augment",
    allowed: "a list of \(Augmentation.Method.allCases.map(\.name).joined(separator: ", ")), "
      + "each with its strength where the usual one is not meant, as in flip,crop:2, or none",
    definesRun: true,
    set: { settings, text in
      do throws(Failure) { settings.augmentation = try Augmentation(parsing: text) } catch { return false }
      return true
    }, get: { $0.augmentation.description })

  public static let schedule = Setting(
    name: "schedule", allowed: LearningRateSchedule.allowed, definesRun: true,
    set: { settings, text in
      guard let schedule = LearningRateSchedule(text) else { return false }
      settings.schedule = schedule
      return true
    }, get: { $0.schedule.description })

  static let shards = Setting(
    name: "shards", allowed: "0, or a power of two up to 1024", definesRun: true,
    set: { settings, text in
      guard let count = Int(text), (0...1024).contains(count), count & (count - 1) == 0 else { return false }
      settings.shards = count
      return true
    }, get: { "\($0.shards)" })

  static let onNonFinite = Setting(
    name: "on-nonfinite", allowed: "stop, or skip:N with N from 1", definesRun: false,
    set: { settings, text in
      guard let choice = NonFiniteChoice(text) else { return false }
      settings.onNonFinite = choice
      return true
    }, get: { $0.onNonFinite.description })

  static let resume = Setting(
    name: "resume", allowed: "auto, none, or a checkpoint's path", definesRun: false,
    set: { settings, text in
      guard !text.isEmpty else { return false }
      settings.resume = text == "auto" ? .auto : text == "none" ? .none : .path(text)
      return true
    },
    get: {
      switch $0.resume {
      case .none: "none"
      case .auto: "auto"
      case .path(let path): path
      }
    })
}
