/// Which sources this program was built from. `commit` is written before each build by `scripts/build_record`.
public enum BuildRecord {
  /// The commit's first twelve digits, `+changes` behind them where tracked files differed from it; nil where the sources were
  /// built without their repository.
  public static var commit: String? { generatedCommit.isEmpty ? nil : generatedCommit }
}
