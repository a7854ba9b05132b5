/// One thing that was looked at.
package struct DoctorCheck: Codable, Equatable {
  package enum Verdict: String, Codable {
    case ok
    /// Works, but slower or less safely than it could.
    case warning
    /// Training would not start, or go wrong.
    case bad
  }

  package var name: String
  package var verdict: Verdict
  package var found: String
  /// What to do; empty where there is nothing to.
  package var advice: String
  /// The exit code where it is bad.
  package var code: Int32?

  static func ok(_ name: String, _ found: String) -> DoctorCheck {
    DoctorCheck(name: name, verdict: .ok, found: found, advice: "")
  }

  static func warning(_ name: String, _ found: String, _ advice: String) -> DoctorCheck {
    DoctorCheck(name: name, verdict: .warning, found: found, advice: advice)
  }

  static func bad(_ name: String, _ found: String, _ advice: String, code: Int32 = 78) -> DoctorCheck {
    DoctorCheck(name: name, verdict: .bad, found: found, advice: advice, code: code)
  }
}
