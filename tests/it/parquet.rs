//! Lives and outages as Parquet: what is written is read back, and is what the CSV of the same run
//! says.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output};

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

const SYSTEM: &str = "topologies/seed-thanos-as-written.yaml";
const NAME: &str = "thanos-as-written";

fn simulate(arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_ninefold"))
        .args(["simulate", SYSTEM, "-n", "300"])
        .args(arguments)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

/// Titles and then rows, as CSV would have them.
fn read(path: &Path) -> Vec<Vec<String>> {
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    let schema = reader.metadata().file_metadata().schema_descr().columns().to_vec();
    let mut rows = vec![schema.iter().map(|column| column.name().to_owned()).collect()];
    for row in reader.get_row_iter(None).unwrap() {
        let row = row.unwrap();
        let shown = row.get_column_iter().map(|(_, field)| match field {
            Field::Long(number) => number.to_string(),
            Field::Double(number) => number.to_string(),
            Field::Bool(truth) => truth.to_string(),
            Field::Str(text) => text.clone(),
            Field::Null => String::new(),
            other => panic!("{other} is of no kind that is written"),
        });
        rows.push(shown.collect());
    }
    rows
}

fn read_csv(path: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(path).unwrap();
    let rows = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect());
    rows.collect()
}

#[test]
fn both_files_say_what_the_csv_says() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let (lives, outages) = (folder.path().join("lives.csv"), folder.path().join("outages.csv"));
    let as_text = |path: &Path| path.to_str().unwrap().to_owned();
    let plain = simulate(&["--lives", &as_text(&lives), "--outages", &as_text(&outages)]);
    let output = simulate(&["--format", "parquet", "--out", &as_text(&out)]);
    // What there is to warn of is told of both, and nothing else.
    assert!(output.stdout.is_empty() && output.stderr == plain.stderr);
    for (csv, table) in [(&lives, "lives"), (&outages, "outages")] {
        let parquet = out.join(format!("{NAME}-{table}.parquet"));
        let rows = read(&parquet);
        assert!(rows.len() > 300, "{table}: only {} rows", rows.len());
        assert_eq!(rows, read_csv(csv), "{table}");
    }
    let written = fs::read(out.join(format!("{NAME}.txt"))).unwrap();
    assert_eq!(written, plain.stdout, "the other files are there as ever");
}

#[test]
fn one_file_alone_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    simulate(&["--outages", &path("a.parquet"), "--lives", &path("a.csv")]);
    simulate(&["--outages", &path("b.csv"), "--lives", &path("b.parquet")]);
    let read_one = |name: &str| read(Path::new(&path(name)));
    let read_csv_one = |name: &str| read_csv(Path::new(&path(name)));
    assert_eq!(read_one("a.parquet"), read_csv_one("b.csv"));
    assert_eq!(read_one("b.parquet"), read_csv_one("a.csv"));
}
