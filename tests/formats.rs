//! Every sample report against the figures that the coverage tools themselves stored or printed
//! (`expected.json` beside the samples): totals, figures by file, and untaken arms by line.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use untaken::coverage::{FileCoverage, Format, Ratio, Report, Totals};
use untaken::formats::parse;

/// The formats in the words of `expected.json`.
const KINDS: &[(&str, Format)] = &[
    ("istanbul", Format::Istanbul),
    ("istanbul-summary", Format::IstanbulSummary),
    ("coveragepy", Format::CoveragePy),
    ("jacoco", Format::JacocoXml),
    ("jacoco-csv", Format::JacocoCsv),
    ("lcov", Format::Lcov),
    ("cobertura", Format::Cobertura),
    ("clover", Format::Clover),
    ("llvm", Format::LlvmCov),
    ("gcovr", Format::Gcovr),
    ("gcovr-summary", Format::Gcovr),
    ("go", Format::GoCover),
];

/// The formats whose untaken arms `expected.json` lists one by one.
const WITH_ARMS: &[&str] = &[
    "istanbul",
    "coveragepy",
    "jacoco",
    "lcov",
    "gcovr",
    "llvm",
    "cobertura",
    "clover",
];

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reports")
}

#[test]
fn every_figure_is_the_tools_own() {
    let mut checked = 0;
    let mut wrong = String::new();
    let mut folders: Vec<_> = fs::read_dir(samples())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.sort();
    for folder in folders {
        let Ok(note) = fs::read_to_string(folder.join("expected.json")) else {
            continue;
        };
        let note: Value = serde_json::from_str(&note).unwrap();
        let Some(reports) = note["reports"].as_object() else {
            continue;
        };
        let machine_root = note["machine_root"].as_str().unwrap_or("/nowhere");
        for (name, expected) in reports {
            let kind = expected["format"].as_str().unwrap();
            let Some(&(_, format)) = KINDS.iter().find(|(known, _)| *known == kind) else {
                continue;
            };
            checked += 1;
            let bytes = fs::read(folder.join(name)).unwrap();
            let label = format!("{}/{name}", folder.file_name().unwrap().display());
            match parse(&bytes) {
                Ok(report) if report.format == format => {
                    for difference in differences(&report, expected, kind, machine_root) {
                        writeln!(wrong, "{label}: {difference}").unwrap();
                    }
                }
                Ok(report) => writeln!(wrong, "{label}: read as {}", report.format).unwrap(),
                Err(error) => writeln!(wrong, "{label}: {error}").unwrap(),
            }
        }
    }
    assert_eq!(wrong, "");
    // A sample that is not looked at proves nothing.
    assert!(checked >= 78, "only {checked} reports were found");
}

fn differences(report: &Report, expected: &Value, kind: &str, machine_root: &str) -> Vec<String> {
    let mut found = Vec::new();
    let totals = [&expected["tool_totals"], &expected["recomputed_totals"]]
        .into_iter()
        .find(|totals| totals.as_object().is_some_and(|totals| !totals.is_empty()));
    for metric in METRICS {
        let told = totals.and_then(|totals| figure(&totals[metric]));
        if let Some(told) = told
            && of(report.totals, metric).unwrap_or_default() != told
        {
            found.push(format!(
                "total {metric}: {:?}, the tool says {told:?}",
                of(report.totals, metric)
            ));
        }
    }
    if expected["reconciles"] == Value::Bool(false) || kind == "jacoco-csv" {
        return found;
    }
    let files: BTreeMap<String, &FileCoverage> = report
        .files
        .iter()
        .map(|file| (key(file, expected), file))
        .collect();
    for (path, figures) in expected["files"].as_object().into_iter().flatten() {
        let Some(file) = files.get(path) else {
            found.push(format!("{path} is missing among {:?}", files.keys()));
            continue;
        };
        for metric in METRICS {
            if let Some(told) = figure(&figures[metric])
                && told.total > 0
                && of(file.totals(), metric) != Some(told)
            {
                found.push(format!(
                    "{path} {metric}: {:?}, the tool says {told:?}",
                    of(file.totals(), metric)
                ));
            }
        }
    }
    if WITH_ARMS.contains(&kind) {
        let mut told: BTreeMap<(String, u32), u64> = BTreeMap::new();
        for arm in expected["uncovered_branch_arms"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let path = arm["file"].as_str().unwrap().to_owned();
            let line = u32::try_from(arm["line"].as_u64().unwrap()).unwrap();
            *told.entry((plain(&path, machine_root), line)).or_default() +=
                arm["missing"].as_u64().unwrap_or(1);
        }
        let mut listed: BTreeMap<(String, u32), u64> = BTreeMap::new();
        for (path, file) in &files {
            for branch in file.branches() {
                let untaken = branch.ratio().missed();
                if untaken > 0 {
                    *listed
                        .entry((plain(path, machine_root), branch.line().get()))
                        .or_default() += untaken;
                }
            }
        }
        if told != listed {
            found.push(format!(
                "untaken arms: {listed:?}, the tool's data says {told:?}"
            ));
        }
    }
    found
}

/// Groups are part of a path in `expected.json` where the same path is in two of them; llvm-cov's `..`
/// are not.
fn key(file: &FileCoverage, expected: &Value) -> String {
    let with_module = format!("{}/{}", file.module().unwrap_or_default(), file.reported());
    let plain = without_parents(file.reported());
    [with_module, plain]
        .into_iter()
        .find(|name| expected["files"].get(name).is_some())
        .unwrap_or_else(|| file.reported().to_owned())
}

fn without_parents(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn plain(path: &str, machine_root: &str) -> String {
    path.strip_prefix(machine_root)
        .unwrap_or(path)
        .trim_start_matches('/')
        .to_owned()
}

const METRICS: [&str; 4] = ["lines", "branches", "functions", "statements"];

fn of(totals: Totals, metric: &str) -> Option<Ratio> {
    match metric {
        "lines" => totals.lines,
        "branches" => totals.branches,
        "functions" => totals.functions,
        _ => totals.statements,
    }
}

fn figure(value: &Value) -> Option<Ratio> {
    let pair = value.as_array()?;
    Some(Ratio::new(pair[0].as_u64()?, pair[1].as_u64()?))
}
