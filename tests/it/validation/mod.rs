//! The simulator against exact answers that were computed independently.
//!
//! Tolerances are four standard errors of the run itself, with a fixed seed; what misses by chance is run
//! again with ten times the lives, never with another seed. The comparison is written to
//! `docs/validation.md`, which must be up to date: `UPDATE_DOCS=1 cargo test` writes it anew.

pub(crate) mod cases;
mod chain;
mod losses;
mod published;
mod published_losses;
mod rare;
mod solved;

use std::fs;
use std::path::Path;

const HOUR: f64 = 3_600.0;
const YEAR_HOURS: f64 = 8_760.0;
const MOST_SIGMAS: f64 = 4.0;
/// Beyond this it is no chance, and more lives would only take time.
const HOPELESS_SIGMAS: f64 = 6.0;
/// How exactly a formula must agree with a formula.
const FORMULA_TOLERANCE: f64 = 1e-9;

const HEADER: &str = "# Validation: simulated against exact

Each case has exact answers that were computed independently, by Markov chains, renewal theory or
enumeration, in two ways that agree, or that were published and computed anew. The topologies are in
`tests/data/cases/` and `tests/it/validation/`. A test runs all of them with seed 1, requires every estimate to
lie within four of its own standard errors, and writes this page; what misses by chance is run again with ten
times the lives, never with another seed. First-year figures start with everything up and new; long-run figures
are measured after a warm-up; the two differ and are never mixed. \"Product\" is the spreadsheet's number, a
formula, against the wrong answer that the case warns of.
";

#[test]
fn every_case_that_has_a_chain_is_solved_exactly() {
    let mut page = Page { text: solved::HEADER.to_owned(), misses: Vec::new() };
    solved::sections(&mut page);
    assert!(page.misses.is_empty(), "{}", page.misses.concat());
    let rows = page.text.lines().filter(|line| line.contains("Markov chain of")).count();
    assert!(rows > 150, "only {rows} rows");
    check_document(Path::new("docs/validation-solved.md"), &page.text);
}

#[test]
fn every_case_agrees_with_its_exact_answers() {
    let mut page = Page { text: HEADER.to_owned(), misses: Vec::new() };
    published::sections(&mut page);
    cases::sections(&mut page);
    losses::sections(&mut page);
    published_losses::sections(&mut page);
    assert!(page.misses.is_empty(), "{}", page.misses.concat());
    check_document(Path::new("docs/validation.md"), &page.text);
}

#[test]
fn every_rare_case_agrees_with_its_exact_answers() {
    let mut page = Page { text: rare::HEADER.to_owned(), misses: Vec::new() };
    rare::sections(&mut page);
    assert!(page.misses.is_empty(), "{}", page.misses.concat());
    check_document(Path::new("docs/validation-rare.md"), &page.text);
}

/// Whether an estimate misses, but by so little that ten times the lives may tell another story.
fn may_be_chance(sigmas: f64) -> bool {
    (MOST_SIGMAS..HOPELESS_SIGMAS).contains(&sigmas.abs())
}

/// The page that is being written, and what does not agree.
struct Page {
    text: String,
    misses: Vec<String>,
}

impl Page {
    /// Begins a section with a table.
    fn begin(&mut self, id: &str, title: &str) {
        self.say(&format!("\n## {id}\n\n{title}\n\n"));
        self.say("| measure | run | estimate | standard error | exact | distance |\n");
        self.say("|---|---|---|---|---|---|\n");
    }

    fn say(&mut self, text: &str) {
        self.text += text;
    }

    /// Adds a row to the table of the present section.
    fn add(&mut self, row: Row) {
        let line = line(&row);
        if row.sigmas.is_nan() || row.sigmas.abs() > MOST_SIGMAS {
            self.misses.push(line.clone());
        }
        self.text += &line;
    }
}

/// A comparison of one measure.
#[derive(Clone)]
struct Row {
    measure: String,
    run: String,
    estimate: f64,
    std_error: Option<f64>,
    exact: f64,
    /// Distance in standard errors; for a formula, whether it agrees, as 0 or infinity.
    sigmas: f64,
    /// Of a formula, in how many digits it must agree.
    digits: Option<u32>,
}

fn formula(measure: &str, found: f64, exact: f64) -> Row {
    let agrees = (found / exact - 1.0).abs() < FORMULA_TOLERANCE;
    Row {
        measure: measure.to_owned(),
        run: "formula".to_owned(),
        estimate: found,
        std_error: None,
        exact,
        sigmas: if agrees { 0.0 } else { f64::INFINITY },
        digits: Some(9),
    }
}

/// A formula against a figure that was published with so many digits.
fn printed(measure: &str, run: &str, found: f64, exact: f64, digits: u32) -> Row {
    let last = f64::powi(10.0, exact.abs().log10().floor() as i32 + 1 - digits as i32);
    let agrees = (found - exact).abs() <= 0.501 * last;
    let sigmas = if agrees { 0.0 } else { f64::INFINITY };
    let (run, digits) = (run.to_owned(), Some(digits));
    Row { run, sigmas, digits, ..formula(measure, found, exact) }
}

/// An estimate against an exact value.
fn compared(measure: &str, run: String, found: (f64, Option<f64>), exact: f64) -> Row {
    let (estimate, std_error) = found;
    let sigmas = match std_error {
        // What never varies must be right as it is.
        Some(0.0) if estimate == exact => 0.0,
        Some(error) if error < FORMULA_TOLERANCE * exact.abs() => {
            let agrees = (estimate / exact - 1.0).abs() < FORMULA_TOLERANCE;
            if agrees { 0.0 } else { f64::INFINITY }
        }
        Some(error) => (estimate - exact) / error,
        None => f64::NAN,
    };
    Row { measure: measure.to_owned(), run, estimate, std_error, exact, sigmas, digits: None }
}

fn line(row: &Row) -> String {
    let number = |number: f64| match number.abs() {
        0.0 => "0".to_owned(),
        size if (0.01..1e5).contains(&size) => {
            let decimals = (6 - size.log10().floor() as i32).clamp(0, 9) as usize;
            format!("{number:.decimals$}")
        }
        _ => format!("{number:.6e}"),
    };
    let distance = match row.digits {
        Some(digits) if row.sigmas == 0.0 => format!("same to {digits} digits"),
        _ => format!("{:+.2}", row.sigmas),
    };
    format!(
        "| {} | {} | {} | {} | {} | {distance} |\n",
        row.measure,
        row.run,
        number(row.estimate),
        row.std_error.map_or_else(|| "-".to_owned(), |error| format!("{error:.1e}")),
        number(row.exact),
    )
}

/// Compares a generated page with the one in the repository, or writes it if asked to.
pub(crate) fn check_document(path: &Path, text: &str) {
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(path, text).unwrap();
    }
    let known = fs::read_to_string(path).unwrap_or_default();
    assert!(known == text, "{} is out of date: run UPDATE_DOCS=1 cargo test", path.display());
}
