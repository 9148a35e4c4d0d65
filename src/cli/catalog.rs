//! `ninefold catalog`: the failure modes that come with the program.

use clap::Args;
use comfy_table::{ContentArrangement, ContentLineStyle, LineStyle, Table, TableStyle};
use ninefold::spec::{CATALOG, closest};

use super::{Failure, Outcome, put};

/// List the failure modes that a topology can import, or show some of them.
#[derive(Debug, Args)]
pub(crate) struct Catalog {
    /// Those to show whole, as YAML.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

/// Columns of a terminal that is not very wide.
const WIDTH: u16 = 100;

impl Catalog {
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        let entries = entries();
        if self.names.is_empty() {
            put(&overview(&entries))?;
            return Ok(Outcome::Met);
        }
        let mut text = String::new();
        for name in &self.names {
            let Some(entry) = entries.iter().find(|entry| entry.name == name) else {
                let known: Vec<&str> = entries.iter().map(|entry| entry.name).collect();
                let help = match closest(name, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("it has {}", known.join(", ")),
                };
                return Err(Failure::Refused(format!(
                    "error: the catalog has no `{name}`; {help}\n"
                )));
            };
            text += &entry.text;
        }
        put(&text)?;
        Ok(Outcome::Met)
    }
}

struct Entry<'a> {
    name: &'a str,
    /// As in the catalog.
    text: String,
}

impl Entry<'_> {
    fn field(&self, key: &str) -> &str {
        let start = format!("  {key}: ");
        let line = self.text.lines().find_map(|line| line.strip_prefix(&start));
        line.unwrap_or("-").trim_matches('"')
    }
}

/// The entries of the catalog: what begins at the margin is a name.
fn entries() -> Vec<Entry<'static>> {
    let mut entries: Vec<Entry<'_>> = Vec::new();
    for line in CATALOG.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        if !line.starts_with(' ') {
            entries.push(Entry { name: line.trim_end_matches(':'), text: String::new() });
        }
        if let Some(entry) = entries.last_mut() {
            entry.text += line;
            entry.text.push('\n');
        }
    }
    entries
}

fn overview(entries: &[Entry<'_>]) -> String {
    let mut table = Table::new();
    table.load_style(
        TableStyle::new()
            .header_lines(ContentLineStyle::none())
            .header_separator(LineStyle::none().fill('-').junction('-'))
            .content_lines(ContentLineStyle::none()),
    );
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(WIDTH);
    table.set_header(["name", "every", "repair", "grade", "what"]);
    for entry in entries {
        let every = match entry.field("every") {
            "-" => format!("afr {}", entry.field("afr")),
            every => every.to_owned(),
        };
        table.add_row([
            entry.name,
            &every,
            entry.field("repair"),
            entry.field("grade"),
            entry.field("about"),
        ]);
    }
    let mut text: String = table.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    text += "\n`ninefold catalog NAME` shows one with its range and source; `import: [NAME]` takes it.\n";
    text
}
