//! A report as one page of HTML, which needs nothing else: to be sent to somebody.

use super::data::Report;
use super::figure::figures;
use super::plotters::{DrawError, Theme, to_svg};
use super::text::to_text;

/// What is the same on any paper. Lines of text have up to a hundred columns, which scroll on a narrow
/// screen and are small enough for a sheet of paper; a browser prints no background, so that what is
/// printed is black.
const STYLE: &str = "\
pre { overflow-x: auto; font-size: 13px; line-height: 1.35 }
figure { margin: 2em 0; overflow-x: auto }
svg { max-width: 100%; min-width: 700px; height: auto }
@media (max-width: 700px) {
body { margin: 1em auto; padding: 0 0.5em }
pre { font-size: 10px }
}
@media print {
@page { margin: 12mm }
:root { color-scheme: light }
body { margin: 0; max-width: none; padding: 0; background: none; color: black }
pre { overflow: visible; font-size: 10.5px; white-space: pre-wrap; overflow-wrap: anywhere }
figure { overflow: visible; break-inside: avoid }
svg { min-width: 0; max-height: 95vh }
}
";

/// The report as a page: what the text says, and every figure within.
///
/// # Errors
///
/// If a figure cannot be drawn.
pub fn to_html(report: &Report, theme: Theme) -> Result<String, DrawError> {
    let (paper, ink) = theme.page();
    let mut figures_of_it = String::new();
    for figure in figures(report) {
        let label = escaped(&figure.title);
        let picture = to_svg(&figure, theme)?;
        figures_of_it +=
            &format!("<figure role=\"img\" aria-label=\"{label}\">\n{picture}</figure>\n");
    }
    Ok(format!(
        "<!DOCTYPE html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta name=\"generator\" content=\"ninefold {version}\">
<title>{name}</title>
<style>
:root {{ color-scheme: {scheme} }}
body {{ margin: 2em auto; max-width: 920px; padding: 0 1em; background: {paper}; color: {ink} }}
{STYLE}</style>
</head>
<body>
<pre>
{text}</pre>
{figures_of_it}</body>
</html>
",
        scheme = theme.scheme(),
        version = report.run.version,
        name = escaped(&report.topology.name),
        text = escaped(&to_text(report)),
    ))
}

/// Text as HTML has it, also in quotes.
fn escaped(text: &str) -> String {
    let mut found = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => found.push_str("&amp;"),
            '<' => found.push_str("&lt;"),
            '>' => found.push_str("&gt;"),
            '"' => found.push_str("&quot;"),
            _ => found.push(c),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(escaped("a < b & \"c\" > d"), "a &lt; b &amp; &quot;c&quot; &gt; d");
    }
}
