import Failures
import Files
import Telemetry

extension ReportPage {
  /// The whole file. Nothing in it may load or run anything, whatever its texts say.
  public func document(at time: Double) -> String {
    shell(
      policy: "default-src 'none'; img-src data:; style-src 'unsafe-inline'", link: "", script: "",
      footer: "Written by cnn-dist, \(TimeSource.utcText(time)).")
  }

  /// The page that keeps itself up to date: it asks for `content` every two seconds, and replaces what has changed.
  public func liveDocument() -> String {
    shell(
      policy:
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'",
      link: "<p id=\"link\" role=\"status\">live</p>", script: Self.script,
      footer: "Live from cnn-dist watch.")
  }

  /// Writes the page in one step.
  ///
  /// - Throws: `cannotWrite`.
  public func write(to path: String, at time: Double) throws(Failure) {
    try AtomicFile.write(document(at: time), to: path, code: .cannotWrite)
  }

  private func shell(policy: String, link: HTML, script: HTML, footer: String) -> String {
    ("""
    <!doctype html>
    <html lang="en"><head><meta charset="utf-8"><title>\(title)</title>
    <meta http-equiv="Content-Security-Policy" content="\(policy)">
    <meta name="viewport" content="width=device-width,initial-scale=1">
    <style>\(ReportStyle.css)</style></head>
    <body><div class="body"><h1>\(title)</h1>\(link)
    <main id="content">\(markup)</main>
    <footer>\(footer)</footer></div>\(script)</body></html>

    """ as HTML).text
  }

  /// Opened details stay open, and the page stays where it was scrolled to.
  private static let script: HTML = """
    <script>
    "use strict";
    const main = document.getElementById("content"), link = document.getElementById("link");
    let shown = "";
    async function refresh() {
      try {
        const answer = await fetch("content");
        const text = await answer.text();
        if (!answer.ok) throw new Error(text);
        if (text !== shown) {
          const open = [...main.querySelectorAll("details")].map(element => element.open);
          const scroll = window.scrollY;
          main.innerHTML = text;
          main.querySelectorAll("details").forEach((element, index) => { element.open = open[index] ?? false; });
          window.scrollTo(0, scroll);
          shown = text;
        }
        link.textContent = "live, " + new Date().toLocaleTimeString();
        link.className = "";
      } catch (error) {
        link.textContent = "no news: " + (error.message || "cnn-dist watch has ended");
        link.className = "lost";
      }
      setTimeout(refresh, 2000);
    }
    refresh();
    </script>
    """
}
