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
use untaken::coverage::{Arms, FileCoverage, Format, Hits, Ratio, Report, Totals};
use untaken::formats::{Reading, parse, sniff};

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

fn read(name: &str) -> Report {
    let bytes = fs::read(samples().join(name)).unwrap();
    parse(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"))
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

/// A file in one line a fact: `lines 1:3 2:0`, then each branch with its arms.
fn drawn(file: &FileCoverage) -> String {
    let hits = |hits: Hits| match hits.count() {
        Some(n) => n.to_string(),
        None if hits.is_taken() => "+".to_owned(),
        None => "-".to_owned(),
    };
    let mut text = String::from("lines");
    for (line, count) in file.lines() {
        write!(text, " {line}:{}", hits(count)).unwrap();
    }
    for branch in file.branches() {
        write!(text, "\n{:?} {:?}", branch.span(), branch.construct()).unwrap();
        match branch.arms() {
            Arms::Counted(ratio) => {
                write!(text, " {} of {}", ratio.covered, ratio.total).unwrap();
            }
            Arms::Listed(arms) => {
                for arm in arms {
                    write!(text, ", {:?} {}", arm.outcome, hits(arm.hits)).unwrap();
                }
            }
        }
    }
    for function in file.functions() {
        let (name, span) = (&function.name, function.span);
        write!(text, "\nfn {name} {span:?} {}", hits(function.hits)).unwrap();
    }
    text
}

fn only_file(text: impl AsRef<[u8]>) -> String {
    let report = parse(text.as_ref()).unwrap();
    assert_eq!(report.files.len(), 1, "one file is expected");
    drawn(&report.files[0])
}

fn warnings(text: impl AsRef<[u8]>) -> Vec<String> {
    let report = parse(text.as_ref()).unwrap();
    report.warnings.into_iter().map(|it| it.message).collect()
}

fn error(text: impl AsRef<[u8]>) -> String {
    parse(text.as_ref()).unwrap_err().to_string()
}

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    std::iter::once('\u{feff}')
        .chain(text.chars())
        .flat_map(|char| char.encode_utf16(&mut [0; 2]).to_vec())
        .flat_map(unit)
        .collect()
}

#[test]
fn a_format_is_known_by_its_content() {
    for (text, format) in [
        ("{}", Format::Istanbul),
        (" \n{ }\n", Format::Istanbul),
        (
            r#"{"a.js":{"path":"a.js","statementMap":{}}}"#,
            Format::Istanbul,
        ),
        (
            r#"{"total":{"lines":{"total":1,"covered":1,"pct":100}}}"#,
            Format::IstanbulSummary,
        ),
        (
            r#"{"meta":{"branch_coverage":true},"files":{}}"#,
            Format::CoveragePy,
        ),
        (
            r#"{"files":{"coverage":{"executed_lines":[]}}}"#,
            Format::CoveragePy,
        ),
        (
            r#"{"files":[],"gcovr/format_version":"0.11"}"#,
            Format::Gcovr,
        ),
        (
            r#"{"data":[{"files":[{"branches":[],"expansions":[]}]}],"type":"llvm.coverage.json.export"}"#,
            Format::LlvmCov,
        ),
        (
            r#"{"RSpec":{"coverage":{},"timestamp":1}}"#,
            Format::SimpleCov,
        ),
        ("mode: set\n", Format::GoCover),
        (
            "GROUP,PACKAGE,CLASS,LINE_MISSED,LINE_COVERED\n",
            Format::JacocoCsv,
        ),
        ("TN:\nSF:a.c\nend_of_record\n", Format::Lcov),
        (
            "# made by hand\r\n\r\nSF:a.c\r\nend_of_record\r\n",
            Format::Lcov,
        ),
        ("<report name=\"x\"></report>", Format::JacocoXml),
        (
            "<?xml version='1.0'?>\n<!-- by hand -->\n<report>\n<package name='a'/></report>",
            Format::JacocoXml,
        ),
        (
            "<coverage line-rate='1'><packages/></coverage>",
            Format::Cobertura,
        ),
        (
            "<coverage version='7'><sources/></coverage>",
            Format::Cobertura,
        ),
        (
            "<coverage generated='1' clover='3.2.0'></coverage>",
            Format::Clover,
        ),
        (
            "<coverage generated='1'><project></project></coverage>",
            Format::Clover,
        ),
    ] {
        assert_eq!(sniff(text.as_bytes()).as_ref(), Ok(&format), "{text}");
        let marked = [b"\xef\xbb\xbf", text.as_bytes()].concat();
        assert_eq!(sniff(&marked), Ok(format), "{text} with a byte order mark");
        assert_eq!(
            sniff(&utf16(text, u16::to_le_bytes)),
            Ok(format),
            "{text} in UTF-16"
        );
        assert_eq!(
            sniff(&utf16(text, u16::to_be_bytes)),
            Ok(format),
            "{text} in UTF-16"
        );
    }
}

#[test]
fn what_is_no_report_is_named_by_how_it_begins() {
    assert_eq!(
        error(""),
        "the file is empty; the tool may still be writing it"
    );
    assert_eq!(
        error(" \r\n"),
        "the file is empty; the tool may still be writing it"
    );
    assert_eq!(
        error(
            "\x1b[31mred\x07 \u{202e}and so on, for more characters than anybody would want to read"
        ),
        "not a coverage report that untaken knows (it begins with `\\u{1b}[31mred\\u{7} \\u{202e}and so on, for more characters than anybody would…`)"
    );
    assert_eq!(
        error("[1, 2]"),
        "not a coverage report that untaken knows (it begins with `[1, 2]`)"
    );
    assert_eq!(
        error("<svg><path/></svg>"),
        "not a coverage report that untaken knows (it begins with `<svg><path/></svg>`)"
    );
    assert_eq!(
        error("{\"meta\": {\"format"),
        "line 1, column 18: the file ends in the middle of JSON; the tool may still be writing it"
    );
}

#[test]
fn windows_reports_are_the_same_reports() {
    let of = |name: &str| {
        let report = read(name);
        let files: Vec<_> = report
            .files
            .iter()
            .map(|file| (file.totals(), drawn(file)))
            .collect();
        (report.totals, files)
    };
    assert_eq!(
        of("edge/windows/coverage/coverage-final.json"),
        of("nyc-js/coverage/coverage-final.json")
    );
    assert_eq!(
        of("edge/windows/coverage/coverage-summary.json"),
        of("nyc-js/coverage/coverage-summary.json")
    );
    assert_eq!(
        of("edge/windows/coverage/lcov.info"),
        of("nyc-js/coverage/lcov.info")
    );
    assert_eq!(
        of("edge/windows/coverage.json"),
        of("coveragepy/reports/coverage.json")
    );
    assert_eq!(
        read("edge/windows/coverage.json").files[0].reported(),
        r"src\shop\__init__.py"
    );
}

mod istanbul {
    use super::*;

    fn entry(fields: &str) -> String {
        format!(r#"{{"a.js":{{"path":"a.js",{fields}}}}}"#)
    }

    #[test]
    fn an_if_is_told_by_the_places_of_its_arms() {
        let branch = |locations: &str, b: &str| {
            entry(&format!(
                r#""statementMap":{{}},"fnMap":{{}},"s":{{}},"f":{{}},
                "branchMap":{{"0":{{"loc":{{"start":{{"line":3,"column":2}},"end":{{"line":5,"column":3}}}},
                "type":"if","locations":[{locations}]}}}},"b":{{"0":[{b}]}}"#
            ))
        };
        let then = r#"{"start":{"line":3,"column":2},"end":{"line":5,"column":3}}"#;
        let other = r#"{"start":{"line":4,"column":9},"end":{"line":5,"column":3}}"#;
        let nowhere = r#"{"start":{},"end":{}}"#;
        assert_eq!(
            only_file(branch(&format!("{then},{nowhere}"), "2,0")),
            "lines\n3:2-5:3 If, True 2, ImplicitElse 0"
        );
        assert_eq!(
            only_file(branch(&format!("{then},{other}"), "0,7")),
            "lines\n3:2-5:3 If, True 0, At(4:9) 7"
        );
        // `istanbul ignore if`, and the older TypeScript remapper.
        assert_eq!(
            only_file(branch(other, "0")),
            "lines\n3:2-5:3 If, At(4:9) 0"
        );
        assert_eq!(only_file(branch(then, "0")), "lines\n3:2-5:3 If, True 0");
        // More counts than places: they count all the same.
        assert_eq!(
            only_file(branch(then, "0,1")),
            "lines\n3:2-5:3 If, True 0, Nth 1"
        );
    }

    #[test]
    fn odd_columns_are_brought_into_range() {
        let text = entry(
            r#""statementMap":{"0":{"start":{"line":1,"column":-1},"end":{"line":1,"column":null}}},
            "s":{"0":1},"fnMap":{},"f":{},
            "branchMap":{"0":{"type":"branch","line":2,
              "loc":{"start":{"line":2,"column":-1},"end":{"line":2,"column":null}},
              "locations":[{"start":{"line":2,"column":99999999999},"end":{"line":1,"column":0}}]},
            "1":{"type":"cond-expr","loc":{"start":{"line":9,"column":4},"end":{"line":8,"column":1}},
              "locations":[]}},
            "b":{"0":[3],"1":[0,0]}"#,
        );
        assert_eq!(
            only_file(&text),
            "lines 1:1\n2:0-2 Block, At(2:4294967294) 3\n9:4-9:4 Conditional, Nth 0, Nth 0"
        );
    }

    #[test]
    fn ids_are_names_and_not_places() {
        let text = entry(
            r#""statementMap":{"7":{"start":{"line":1}},"12":{"start":{"line":2}},"x":{"start":{"line":3}}},
            "s":{"x":4,"12":0,"7":5},"fnMap":{"3":{"name":"f","line":8,"decl":{"start":{"line":8,"column":1},"end":{"line":8,"column":2}},
            "loc":{"start":{"line":8,"column":5},"end":{"line":11,"column":1}}}},"f":{"3":0},"branchMap":{},"b":{}"#,
        );
        assert_eq!(only_file(&text), "lines 1:5 2:0 3:4\nfn f 8:1-11:1 0");
        assert_eq!(warnings(&text), Vec::<String>::new());
    }

    #[test]
    fn a_line_is_hit_as_often_as_its_most_executed_statement() {
        let text = entry(
            r#""statementMap":{"0":{"start":{"line":1}},"1":{"start":{"line":1}},"2":{"start":{"line":2}}},
            "s":{"0":2,"1":5,"2":0}"#,
        );
        assert_eq!(only_file(&text), "lines 1:5 2:0");
        let totals = parse(text.as_bytes()).unwrap().totals;
        assert_eq!(totals.lines, Some(Ratio::new(1, 2)));
        assert_eq!(totals.statements, Some(Ratio::new(2, 3)));
    }

    #[test]
    fn contradictions_are_told_and_counted_as_the_tool_counts() {
        let text = entry(
            r#""statementMap":{"0":{"start":{"line":1}}},"s":{"0":1,"0":0,"1":18446744073709551616,"2":-4},
            "branchMap":{"5":{"loc":{"start":{"line":1}},"type":"if","locations":[]}},"b":{"4":[1,0]}"#,
        );
        let report = parse(text.as_bytes()).unwrap();
        assert_eq!(report.totals.statements, Some(Ratio::new(1, 3)));
        assert_eq!(report.totals.branches, Some(Ratio::new(1, 2)));
        assert_eq!(
            warnings(&text),
            [
                "`a.js` has a hit count that is negative, no whole number or too large; 18446744073709551615 is shown",
                "`a.js` counts a statement that it does not place",
                "`a.js` has a hit count that is negative, no whole number or too large; 0 is shown",
                "`a.js` counts a statement that it does not place",
                "`a.js` counts a branch that it does not place",
                "`a.js` has an id twice; the later one counts",
            ]
        );
    }

    #[test]
    fn a_file_that_is_there_twice_counts_once() {
        let text = r#"{"a.js":{"s":{"0":1},"statementMap":{"0":{"start":{"line":1}}}},
                       "a.js":{"s":{"0":0},"statementMap":{"0":{"start":{"line":1}}}}}"#;
        assert_eq!(only_file(text), "lines 1:0");
        assert_eq!(
            warnings(text),
            ["`a.js` is in the report twice; the later entry counts"]
        );
    }

    #[test]
    fn no_file_at_all_is_no_figure_at_all() {
        assert_eq!(parse(b"{}").unwrap().totals, Totals::default());
    }
}

mod coverage_py {
    use super::*;

    const SUMMARY: &str = r#""summary":{"covered_lines":2,"num_statements":3,"num_branches":4,"num_partial_branches":1,"covered_branches":2,"missing_branches":2}"#;

    fn entry(fields: &str) -> String {
        format!(
            r#"{{"meta":{{"version":"7.5.4","branch_coverage":true}},"files":{{"a.py":{{{fields},{SUMMARY}}}}}}}"#
        )
    }

    #[test]
    fn arcs_are_arms_of_the_line_they_leave() {
        let text = entry(
            r#""executed_lines":[3,1],"missing_lines":[2],"executed_branches":[[3,1],[3,-1]],"missing_branches":[[1,9],[1,-3]]"#,
        );
        assert_eq!(
            only_file(&text),
            "lines 1:+ 2:- 3:+\n1-1 Unknown, ToLine(9) -, Exit -\n3-3 Unknown, ToLine(1) +, Exit +"
        );
        assert_eq!(warnings(&text), Vec::<String>::new());
        assert_eq!(
            parse(text.as_bytes()).unwrap().tool.as_deref(),
            Some("coverage.py 7.5.4")
        );
    }

    #[test]
    fn an_arm_behind_a_pragma_is_counted_and_not_listed() {
        let text = entry(
            r#""executed_lines":[1,3],"missing_lines":[2],"executed_branches":[[1,2]],"missing_branches":[[1,3],[3,-1]]"#,
        );
        assert_eq!(
            parse(text.as_bytes()).unwrap().files[0].totals().branches,
            Some(Ratio::new(2, 4))
        );
        assert_eq!(
            warnings(&text),
            ["`a.py` counts 2 taken arms and lists 1; an arm excluded by a pragma counts as taken"]
        );
    }

    #[test]
    fn without_stored_arms_the_missing_ones_are_taken_off() {
        let text = r#"{"meta":{"branch_coverage":true},"files":{"a.py":{"executed_lines":[1],"missing_lines":[],
            "executed_branches":[[1,2]],"missing_branches":[[1,-1]],
            "summary":{"covered_lines":1,"num_statements":1,"num_branches":3}}}}"#;
        let report = parse(text.as_bytes()).unwrap();
        assert_eq!(report.files[0].totals().branches, Some(Ratio::new(2, 3)));
        assert_eq!(report.totals.branches, Some(Ratio::new(2, 3)));
    }

    #[test]
    fn figures_that_cannot_be_made_are_shown_with_a_warning() {
        let text = entry(
            r#""executed_lines":[1],"missing_lines":[],"executed_branches":[],"missing_branches":[[1,2],[1,3],[1,4]]"#,
        );
        let totals = parse(text.as_bytes()).unwrap().totals;
        assert_eq!(totals.branches, Some(Ratio::new(2, 4)));
        assert_eq!(totals.lines, Some(Ratio::new(2, 3)));
        assert_eq!(
            warnings(&text),
            [
                "`a.py` stores 2 of 3 lines taken and lists 1 of 1; the stored figures are shown",
                "`a.py` stores 2 of 4 arms taken and lists 0 of 3; the stored figures are shown",
            ]
        );
    }

    #[test]
    fn a_key_of_the_whole_that_is_there_twice_is_told() {
        let text = r#"{"meta":{"branch_coverage":true},"files":{},"totals":{"covered_lines":1},"totals":{"covered_lines":2}}"#;
        assert_eq!(
            warnings(text),
            ["the key `totals` is in the report twice; the later one counts"]
        );
    }

    #[test]
    fn without_branch_coverage_there_is_no_branch_figure() {
        let report = read("coveragepy/reports/coverage-nobranch.json");
        assert_eq!(report.totals.branches, None);
        assert!(
            report
                .files
                .iter()
                .all(|file| file.totals().branches.is_none())
        );
        assert_eq!(report.totals.functions, None);
    }

    #[test]
    fn regions_are_functions_and_the_module_is_none() {
        let text = entry(
            r#""executed_lines":[1,3],"missing_lines":[9],"functions":{
              "":{"executed_lines":[1],"missing_lines":[]},
              "A.f":{"executed_lines":[3],"missing_lines":[4],"start_line":2},
              "A.g":{"executed_lines":[],"missing_lines":[8,9]},
              "stub":{"executed_lines":[],"missing_lines":[]}}"#,
        );
        assert_eq!(
            only_file(&text),
            "lines 1:+ 3:+ 9:-\nfn A.f 2-4 +\nfn A.g 8-9 -"
        );
    }

    #[test]
    fn what_does_not_fit_is_named_with_its_place() {
        assert_eq!(
            error(
                "{\"meta\":{\"branch_coverage\":true},\n\"files\":{\"a.py\":{\"executed_lines\":[1,99999999999]}}}"
            ),
            "line 2, column 48: expected a whole number up to 4294967295, found `9]}}}`"
        );
        assert_eq!(
            error(
                "{\"meta\":{\"branch_coverage\":true},\n\"files\":{\"a.py\":{\"executed_lines\":[],\"executed_lines\":[]}}}"
            ),
            "line 2, column 53: expected the key `executed_lines` once, found `\":[]}}}`"
        );
        assert_eq!(
            error(
                "{\"meta\":{\"branch_coverage\":true},\n\"files\":{\"a.py\":{\"executed_lines\":[1 2]}}}"
            ),
            "line 2, column 38: expected `,` or `]`, found `2]}}}`"
        );
    }
}

mod jacoco {
    use super::*;

    fn package(inside: &str) -> String {
        format!(r#"<report name="bank"><package name="com/acme">{inside}</package></report>"#)
    }

    #[test]
    fn a_module_is_the_group_or_the_report() {
        let report = read("jacoco/reports/jacoco-group.xml");
        let names: Vec<_> = report
            .files
            .iter()
            .map(|file| (file.module().unwrap(), file.reported()))
            .collect();
        assert_eq!(
            names,
            [
                ("core", "com/acme/bank/Account.java"),
                ("core", "com/acme/util/Strings.java"),
                ("web", "com/acme/util/Strings.java"),
                ("web", "com/acme/web/Strings.java"),
                ("web", "com/acme/web/NeverLoaded.java"),
            ]
        );
        assert_eq!(
            read("jacoco/reports/jacoco.xml").files[0].module(),
            Some("core")
        );
    }

    #[test]
    fn arms_are_counted_and_methods_belong_to_their_file() {
        let text = package(
            r#"<class name="com/acme/A$B" sourcefilename="A.java">
                 <method name="&lt;init&gt;" desc="()V" line="4"><counter type="METHOD" missed="0" covered="1"/></method>
                 <method name="run" desc="()V" line="7"><counter type="METHOD" missed="1" covered="0"/></method>
                 <counter type="METHOD" missed="1" covered="1"/></class>
               <sourcefile name="A.java"><line nr="4" mi="0" ci="3" mb="0" cb="0"/>
                 <line nr="7" mi="2" ci="0" mb="2" cb="0"/><line nr="5" mi="1" ci="1" mb="1" cb="3"/>
                 <counter type="LINE" missed="1" covered="2"/><counter type="BRANCH" missed="3" covered="3"/>
                 <counter type="METHOD" missed="1" covered="1"/></sourcefile>"#,
        );
        assert_eq!(
            only_file(&text),
            "lines 4:+ 5:+ 7:-\n5-5 Unknown 3 of 4\n7-7 Unknown 0 of 2\nfn A.B.<init> 4-4 +\nfn A.B.run 7-7 -"
        );
        assert_eq!(warnings(&text), Vec::<String>::new());
    }

    #[test]
    fn an_absent_ci_is_unknown_and_not_zero() {
        let dialect = |missed: u32| {
            package(&format!(
                r#"<sourcefile name="a.c"><line nr="4"/><line nr="5" mb="1" cb="1"/><line nr="6"/>
                   <counter type="LINE" missed="{missed}" covered="{}"/></sourcefile>"#,
                3 - missed
            ))
        };
        // Where the file's own counter proves it, the lines are known.
        assert_eq!(
            only_file(dialect(0)),
            "lines 4:+ 5:+ 6:+\n5-5 Unknown 1 of 2"
        );
        assert_eq!(
            only_file(dialect(3)),
            "lines 4:- 5:- 6:-\n5-5 Unknown 1 of 2"
        );
        // An arm was taken, so its line ran; of the others nothing is said.
        assert_eq!(only_file(dialect(1)), "lines 5:+\n5-5 Unknown 1 of 2");
        assert_eq!(
            warnings(dialect(1)),
            [
                "`com/acme/a.c` does not tell of 2 of its lines whether they ran (no `ci`); they are not marked"
            ]
        );
    }

    #[test]
    fn classes_without_debug_information_are_in_the_totals_alone() {
        let text = r#"<report name="bank"><package name="com/acme">
            <class name="com/acme/A" sourcefilename="A.java"><counter type="BRANCH" missed="1" covered="1"/></class>
            <class name="com/acme/Bare"><counter type="BRANCH" missed="4" covered="2"/></class>
            <sourcefile name="A.java"><line nr="3" mi="0" ci="1" mb="1" cb="1"/>
              <counter type="BRANCH" missed="1" covered="1"/><counter type="LINE" missed="0" covered="1"/></sourcefile>
            </package><counter type="BRANCH" missed="5" covered="3"/><counter type="LINE" missed="0" covered="1"/></report>"#;
        let report = parse(text.as_bytes()).unwrap();
        assert_eq!(report.totals.branches, Some(Ratio::new(3, 8)));
        assert_eq!(report.files.len(), 1);
        assert_eq!(
            warnings(text),
            [
                "1 class was compiled without debug information (`-g:none`): 4 of its 6 arms are untaken, counted in the totals and shown in no file; compile with `-g`"
            ]
        );
    }

    #[test]
    fn no_counter_here_is_none_here_and_no_counter_at_all_is_no_figure() {
        let with = r#"<report name="x"><package name=""><sourcefile name="A.java"><line nr="1" mi="0" ci="1"/>
            <counter type="LINE" missed="0" covered="1"/></sourcefile></package>
            <counter type="LINE" missed="0" covered="1"/><counter type="BRANCH" missed="1" covered="1"/></report>"#;
        let report = parse(with.as_bytes()).unwrap();
        assert_eq!(report.files[0].reported(), "A.java");
        assert_eq!(report.files[0].totals().branches, Some(Ratio::default()));
        let without = with.replace(r#"<counter type="BRANCH" missed="1" covered="1"/>"#, "");
        assert_eq!(
            parse(without.as_bytes()).unwrap().files[0]
                .totals()
                .branches,
            None
        );
    }

    #[test]
    fn no_entity_is_expanded_and_no_document_type_is_fetched() {
        let text = r#"<?xml version="1.0"?><!DOCTYPE report SYSTEM "file:///etc/passwd" [
            <!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY x SYSTEM "file:///etc/passwd">]>
            <report name="&b;"><package name="&x;">&x;&b;<sourcefile name="&lt;A&#46;java&gt;"/></package></report>"#;
        let report = parse(text.as_bytes()).unwrap();
        assert_eq!(report.files[0].reported(), "&x;/<A.java>");
        assert_eq!(report.files[0].module(), Some("&b;"));
    }

    #[test]
    fn broken_xml_is_named_with_its_place() {
        assert_eq!(
            error("<report name=\"x\">\n<package name=\"a\"></report>"),
            "line 2, column 19: expected `</package>`, found `</report>`"
        );
        assert_eq!(
            error("<report name=\"x\">\n<package name=\"a\">"),
            "line 2, column 19: the file ends in the middle of an element; the tool may still be writing it"
        );
        assert_eq!(
            error("<report name=\"x\">\n<package name=\"a"),
            "line 2, column 17: the file ends in the middle of a tag; the tool may still be writing it"
        );
    }

    #[test]
    fn a_row_of_the_csv_is_a_class() {
        let report = read("jacoco/reports/jacoco-group.csv");
        let first = &report.files[0];
        assert_eq!(first.reported(), "com/acme/bank/Account.Vault");
        assert_eq!(first.module(), Some("bank/core"));
        assert_eq!(first.totals().functions, Some(Ratio::new(0, 3)));
        assert_eq!(report.totals.lines, Some(Ratio::new(26, 43)));
        let quoted = "GROUP,PACKAGE,CLASS,LINE_MISSED,LINE_COVERED\nx,default,\"A.new Map<\"\"K\"\", V>() {...}\",1,2\n";
        let report = parse(quoted.as_bytes()).unwrap();
        assert_eq!(report.files[0].reported(), "A.new Map<\"K\", V>() {...}");
        assert_eq!(report.totals.lines, Some(Ratio::new(2, 3)));
        assert_eq!(report.totals.branches, None);
        assert_eq!(
            error("GROUP,PACKAGE,CLASS,LINE_MISSED,LINE_COVERED\nx,a,B,one,2\n"),
            "line 2, column 1: expected a whole number as LINE_MISSED, found `x,a,B,one,2`"
        );
        assert_eq!(
            error("GROUP,PACKAGE,CLASS,LINE_MISSED,LINE_COVERED\nx,a,B,1"),
            "line 2, column 8: the file ends in the middle of a row; the tool may still be writing it"
        );
    }
}

mod lcov {
    use super::*;

    fn section(records: &str) -> String {
        format!("TN:\nSF:a.c\n{records}\nend_of_record\n")
    }

    #[test]
    fn blocks_of_lcov_2_are_the_same_decision_with_or_without_prefix() {
        let text = section(
            "BRDA:6,f0,0,2\nBRDA:6,0,1,-\nBRDA:6,e1,0,0\nBRDA:6,U1,1,0\nBRDA:6,eU1,2,0\nBRF:3\nBRH:1",
        );
        assert_eq!(
            only_file(&text),
            "lines\n6-6 Unknown, Nth 2, Nth 0\n6-6 Unknown, Throw 0"
        );
        assert_eq!(warnings(&text), Vec::<String>::new());
    }

    #[test]
    fn an_arm_may_be_text_with_commas() {
        let text = section("BRDA:2,0,jump to line 4,-\nBRDA:2,0,return from function 'f(a, b)',1");
        assert_eq!(
            only_file(&text),
            "lines\n2-2 Unknown, Text(\"jump to line 4\") 0, Text(\"return from function 'f(a, b)'\") 1"
        );
    }

    #[test]
    fn records_come_in_any_order() {
        let text = section(
            "LH:1\nFNDA:3,f\nBRDA:9,1,1,0\nBRDA:9,1,0,4\nDA:9,4\nDA:2,0,f00==\nBRDA:1,0,0,-\nFN:9,12,f\nFN:2,operator,(a)\nLF:2",
        );
        assert_eq!(
            only_file(&text),
            "lines 2:0 9:4\n1-1 Unknown, Nth 0\n9-9 Unknown, Nth 4, Nth 0\nfn operator,(a) 2-2 0\nfn f 9-12 3"
        );
    }

    #[test]
    fn names_of_lcov_2_are_aliases_of_one_function() {
        let text =
            section("FNL:0,4,7\nFNA:0,1,f<int>\nFNA:0,2,f<char>\nFNL:1,9\nFNA:1,0,g\nFNF:2\nFNH:1");
        assert_eq!(only_file(&text), "lines\nfn f<int> 4-7 3\nfn g 9-9 0");
    }

    #[test]
    fn without_figures_the_records_are_counted() {
        let report = parse(
            section("DA:1,1\nDA:2,0\nBRDA:1,0,0,1\nBRDA:1,0,1,-\nFN:1,f\nFNDA:0,f").as_bytes(),
        )
        .unwrap();
        assert_eq!(report.totals.lines, Some(Ratio::new(1, 2)));
        assert_eq!(report.totals.branches, Some(Ratio::new(1, 2)));
        assert_eq!(report.totals.functions, Some(Ratio::new(0, 1)));
    }

    #[test]
    fn stored_figures_stay_and_the_difference_is_told() {
        let text = section("DA:1,1\nLF:6\nLH:6\nBRDA:1,0,0,1\nBRF:4\nBRH:1");
        let report = parse(text.as_bytes()).unwrap();
        assert_eq!(report.totals.lines, Some(Ratio::new(6, 6)));
        assert_eq!(report.totals.branches, Some(Ratio::new(1, 4)));
        assert_eq!(
            warnings(&text),
            [
                "`a.c` stores 6 of 6 lines taken, its records make 1 of 1; the stored figures are shown",
                "`a.c` stores 1 of 4 arms taken, its records make 1 of 1; the stored figures are shown",
            ]
        );
    }

    #[test]
    fn no_branch_anywhere_is_no_branch_data() {
        let text = "SF:a\nDA:1,1\nBRF:0\nBRH:0\nend_of_record\n";
        assert_eq!(parse(text.as_bytes()).unwrap().totals.branches, None);
        let text = format!("{text}SF:b\nBRDA:1,0,0,1\nend_of_record\n");
        let report = parse(text.as_bytes()).unwrap();
        assert_eq!(report.files[0].totals().branches, Some(Ratio::default()));
        assert_eq!(report.totals.branches, Some(Ratio::new(1, 1)));
    }

    #[test]
    fn the_same_file_twice_adds_up_arm_by_arm() {
        let run = "SF:a.c\nFN:1,f\nFNDA:1,f\nFNL:0,5\nFNA:0,2,g\nDA:1,1\nDA:2,0\nBRDA:1,0,0,1\nBRDA:1,0,1,-\nLF:2\nLH:1\nend_of_record\n";
        let other = "SF:a.c\nFN:1,f\nFNDA:0,f\nFNL:0,5\nFNA:0,1,g\nDA:1,0\nDA:3,7\nBRDA:1,0,1,2\nLF:2\nLH:1\nend_of_record\n";
        let text = format!("{run}SF:b.c\nend_of_record\n{other}");
        let report = parse(text.as_bytes()).unwrap();
        assert_eq!(report.files.len(), 2);
        assert_eq!(
            drawn(&report.files[0]),
            "lines 1:1 2:0 3:7\n1-1 Unknown, Nth 1, Nth 2\nfn f 1-1 1\nfn g 5-5 3"
        );
        assert_eq!(report.totals.lines, Some(Ratio::new(2, 3)));
        assert_eq!(report.totals.branches, Some(Ratio::new(2, 2)));
        let single = read("nyc-js/coverage/lcov.info");
        let double = read("edge/lcov/duplicate-SF.info");
        assert_eq!(double.totals, single.totals);
        assert_eq!(double.files.len(), single.files.len());
    }

    #[test]
    fn each_name_is_decoded_by_itself() {
        let text = b"SF:src/na\xc3\xafve.c\nFN:1,\xe9t\xe9\nFNDA:1,\xe9t\xe9\nend_of_record\nSF:src/na\xefve.c\nend_of_record\n";
        let report = parse(text).unwrap();
        assert_eq!(report.files[0].reported(), "src/na\u{ef}ve.c");
        assert_eq!(drawn(&report.files[0]), "lines\nfn \u{e9}t\u{e9} 1-1 1");
        assert_eq!(report.files[1].reported(), "src/na\u{ef}ve.c");
    }

    #[test]
    fn what_has_no_place_is_left_out_and_told() {
        let text = section(
            "DA:0,1\nDA:4294967296,1\nBRDA:0,0,0,1\nFN:0,f\nDA:3,-7\nDA:4,99999999999999999999",
        );
        assert_eq!(only_file(&text), "lines 3:0 4:18446744073709551613");
        assert_eq!(
            warnings(&text),
            [
                "`DA:0,1` is left out: no file has such a line",
                "`DA:4294967296,1` is left out: no file has such a line",
                "`BRDA:0,0,0,1` is left out: no file has such a line",
                "`DA:3,-7` has a negative count; 0 is shown",
                "1 more like these: records on lines that no file has",
            ]
        );
    }

    #[test]
    fn broken_records_are_named_with_their_place() {
        assert_eq!(
            error("SF:a\nDA:1,x\nend_of_record\n"),
            "line 2, column 1: expected a count, found `DA:1,x…`"
        );
        assert_eq!(
            error("SF:a\nDA:1,1\n"),
            "line 3, column 1: the file ends in the middle of a record (no `end_of_record`); the tool may still be writing it"
        );
        // A tool that forgets the end of a record is understood while another record follows.
        let report = parse(b"SF:a\nDA:1,1\nSF:b\nDA:1,0\nend_of_record\n").unwrap();
        assert_eq!(report.totals.lines, Some(Ratio::new(1, 2)));
    }
}

fn many_coverage_py_files(end: &str) -> String {
    let mut text = r#"{"meta": {"branch_coverage": true}, "files": {"#.to_owned();
    for nth in 0..5_000 {
        let comma = if nth == 0 { "" } else { ", " };
        let rest = match end {
            "}}}" => {
                r#", "functions": {"f": {"executed_lines": [2]}}, "classes": {"": {"executed_lines": [2]"#
            }
            _ => "",
        };
        write!(
            text,
            r#"{comma}"src/of/a/long/name/{}.py": {{"executed_lines": [1, 2], "missing_lines": [], "excluded_lines": [], "missing_branches": [[1, {nth}]]{rest}{end}"#,
            nth % 4_990
        )
        .unwrap();
    }
    text + r#"}, "totals": {"covered_lines": 60000, "num_statements": 60000}}"#
}

fn many_jacoco_packages(open: &str, close: &str) -> String {
    let mut text = format!("<report name=\"harbour\">{open}");
    for nth in 0..2_500 {
        write!(
            text,
            r#"<package name="com/acme/p{nth}"><class name="com/acme/p{nth}/A" sourcefilename="A.java"><method name="run" desc="()V" line="3"><counter type="METHOD" missed="0" covered="1"/></method></class><sourcefile name="A.java"><line nr="3" mi="0" ci="1" mb="1" cb="1"/><counter type="BRANCH" missed="1" covered="1"/></sourcefile></package>"#
        )
        .unwrap();
    }
    text + close + r#"<counter type="BRANCH" missed="2500" covered="2500"/></report>"#
}

fn many_istanbul_files(more: &str) -> String {
    let mut text = "{".to_owned();
    for nth in 0..5_000 {
        let comma = if nth == 0 { "" } else { "\n," };
        write!(
            text,
            r#"{comma}"/ci/{0}.js": {{"path":"/ci/{0}.js","statementMap":{{"0":{{"start":{{"line":{1},"column":0}}}}}},"s":{{"0":{nth}}},{more}}}"#,
            nth % 4_990,
            nth + 1
        )
        .unwrap();
    }
    text + "}\n"
}

/// However many parts a report is read in, it is the same report.
#[test]
fn parts_make_the_same_report_as_the_whole() {
    let in_parts = |bytes: &[u8], n_parts: usize| {
        let reading = Reading::new(bytes, n_parts).unwrap();
        let parts = (0..reading.n_parts())
            .map(|idx| reading.part(idx))
            .collect();
        (reading.n_parts(), reading.join(parts))
    };
    let mut text = String::new();
    // Files that are there twice, in different parts, with warnings on both sides.
    for nth in 0..10_000 {
        let line = nth % 7;
        write!(
            text,
            "TN:\nSF:src/{}.c\nFN:3,f{nth}\nFNDA:{line},f{nth}\nDA:{line},1\nDA:9,{nth}\nBRDA:9,0,0,{line}\nBRDA:9,0,1,-\nLF:2\nLH:2\nend_of_record\n",
            nth % 9_990
        )
        .unwrap();
    }
    let whole = parse(text.as_bytes()).unwrap();
    assert!(whole.files.len() == 9_990 && whole.warnings.len() > 4);
    for n_parts in 2..5 {
        let (n_cut, report) = in_parts(text.as_bytes(), n_parts);
        assert_eq!(n_cut, n_parts, "of {} bytes", text.len());
        assert!(
            report.unwrap() == whole,
            "{n_parts} parts make another report"
        );
    }
    for (name, bytes) in [
        ("coverage.py", many_coverage_py_files("}}}")),
        ("coverage.py without functions", many_coverage_py_files("}")),
        ("JaCoCo", many_jacoco_packages("", "")),
        (
            "JaCoCo in one group",
            many_jacoco_packages("<group name='a'>", "</group>"),
        ),
        (
            "JaCoCo in many groups",
            many_jacoco_packages("<group name='a'>", "</group>").replace(
                "</package>",
                "</package></group><group name='b'><group name='&lt;c'/><class name='Bare'/>",
            ),
        ),
        // No cut can be made in a comment.
        ("JaCoCo and a comment", many_jacoco_packages("<!--", "-->")),
        ("Istanbul", many_istanbul_files("\"hash\":\"\"")),
        // What looks like a file's key inside another file: the cut is wrong, the report is right.
        (
            "Istanbul with maps",
            many_istanbul_files("\"a\":0,\"map\":{\"path\":\"x\"}"),
        ),
    ] {
        let (n_cut, report) = in_parts(bytes.as_bytes(), 2);
        assert_eq!(n_cut, 2, "{name} of {} bytes", bytes.len());
        let whole = parse(bytes.as_bytes()).unwrap();
        assert!(
            report.unwrap() == whole,
            "{name} in parts is another report"
        );
        let broken = &bytes[..bytes.len() - 100];
        let error = in_parts(broken.as_bytes(), 2).1.unwrap_err();
        assert_eq!(Err(error), parse(broken.as_bytes()), "{name}, cut off");
    }
    // Of two errors the first is told, though another part met the second.
    let broken = text.replacen("DA:9,", "DA:x,", 1);
    let end = broken.len() - 200;
    let broken = format!("{}DA:9,y\n{}", &broken[..end], &broken[end..]);
    let error = in_parts(broken.as_bytes(), 3).1.unwrap_err();
    assert_eq!(Err(error), parse(broken.as_bytes()));
}
