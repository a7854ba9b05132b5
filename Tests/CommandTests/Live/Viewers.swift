import ProgramRunner

/// Programs that show a run to people, in a Python of their own that `scripts/test` makes.
enum Viewers {
  static let python = Program.script("../.venv-viewers/bin/python")
}
