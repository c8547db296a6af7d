//! Cobertura, Clover, llvm-cov, gcovr, Go and SimpleCov in the dialects that the samples do not have,
//! what odd values in them come to, and the files that are no reports at all. Inputs are as small as
//! what they show.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests stop at the first surprise"
)]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use untaken::coverage::{Arms, FileCoverage, Format, Outcome, Ratio, Report};
use untaken::formats::{ParseError, parse};

fn sample(name: &str) -> Vec<u8> {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reports");
    fs::read(samples.join(name)).unwrap()
}

fn read(text: &str) -> Report {
    parse(text.as_bytes()).unwrap()
}

fn fails(text: &str) -> String {
    parse(text.as_bytes()).unwrap_err().to_string()
}

/// The lines of a file as `1:2 3:0 4:taken`.
fn lines(file: &FileCoverage) -> String {
    let mut text = String::new();
    for (line, hits) in file.lines() {
        write!(text, "{line}:{hits:?} ").unwrap();
    }
    text.trim_end().to_owned()
}

/// The branches of a file, one a line: `5:8 If True=3 False=0`, `7 Unknown 1/2`.
fn branches(file: &FileCoverage) -> String {
    let mut text = String::new();
    for branch in file.branches() {
        write!(text, "{:?} {:?}", branch.span().start, branch.construct()).unwrap();
        match branch.arms() {
            Arms::Counted(ratio) => write!(text, " {}/{}", ratio.covered, ratio.total).unwrap(),
            Arms::Listed(arms) => {
                for arm in arms {
                    let outcome = match arm.outcome {
                        Outcome::ToLine(line) => format!("to {line}"),
                        Outcome::At(position) => format!("at {position:?}"),
                        other => format!("{other:?}"),
                    };
                    write!(text, " {outcome}={:?}", arm.hits).unwrap();
                }
            }
        }
        text.push('\n');
    }
    text
}

fn functions(file: &FileCoverage) -> String {
    let told = file
        .functions()
        .iter()
        .map(|one| format!("{}@{:?}={:?}", one.name, one.span, one.hits));
    told.collect::<Vec<_>>().join(" ")
}

fn pair(ratio: Option<Ratio>) -> Option<(u64, u64)> {
    ratio.map(|ratio| (ratio.covered, ratio.total))
}

fn warnings(report: &Report) -> String {
    let told: Vec<_> = report
        .warnings
        .iter()
        .map(|one| one.message.as_str())
        .collect();
    told.join("\n")
}

mod cobertura {
    use super::*;

    #[test]
    fn classes_of_one_file_are_one_file_and_methods_say_nothing_new() {
        let report = parse(&sample("edge/coverlet/coverage.cobertura.xml")).unwrap();
        assert_eq!(report.format, Format::Cobertura);
        assert_eq!(report.source_roots, [r"C:\src\App\"]);
        let [file] = report.files.as_slice() else {
            panic!("{:?}", report.files)
        };
        assert_eq!(file.reported(), "Calc.cs");
        // Line 6 belongs to both classes.
        assert_eq!(lines(file), "3:1 4:1 5:0 6:2");
        assert_eq!(branches(file), "4 Unknown 1/2\n");
        assert_eq!(functions(file), "Div@3-4=1");
        assert_eq!(pair(report.totals.lines), Some((3, 4)));
        assert_eq!(pair(report.totals.branches), Some((1, 2)));
        assert_eq!(warnings(&report), "");
    }

    #[test]
    fn coverage_py_tells_which_arms_are_missing() {
        let report = parse(&sample("coveragepy/reports/coverage.xml")).unwrap();
        assert_eq!(report.tool.as_deref(), Some("coverage.py 7.17.3"));
        assert_eq!(report.source_roots, ["/home/ci/project/shop-py/src"]);
        let file = &report.files[1];
        assert_eq!(file.reported(), "shop/naïve été.py");
        assert_eq!(
            branches(file),
            "6 Unknown Nth=taken Exit=untaken\n7 Unknown Nth=taken to 8=untaken\n"
        );
        // It writes 1 for "ran" and counts nothing.
        assert!(
            lines(file).starts_with("1:taken 4:taken"),
            "{}",
            lines(file)
        );
    }

    #[test]
    fn the_same_report_from_windows_says_the_same() {
        let unix = parse(&sample("coveragepy/reports/coverage.xml")).unwrap();
        let windows = parse(&sample("edge/windows/coverage.xml")).unwrap();
        assert_eq!(windows.source_roots, [r"D:\a\repo\repo"]);
        assert_eq!(windows.totals, unix.totals);
        let arms = |report: &Report| report.files.iter().map(branches).collect::<String>();
        assert_eq!(arms(&windows), arms(&unix));
    }

    #[test]
    fn arms_that_the_lines_do_not_hold_are_named_in_a_warning() {
        let report = parse(&sample("nyc-js/coverage/cobertura-coverage.xml")).unwrap();
        assert_eq!(pair(report.totals.branches), Some((43, 66)));
        let listed = report
            .files
            .iter()
            .filter_map(|file| file.totals().branches);
        let listed = listed.fold(Ratio::default(), Ratio::plus);
        assert_eq!(listed, Ratio::new(36, 59));
        let warnings = warnings(&report);
        assert!(
            warnings.contains("43/66 arms") && warnings.contains("36/59"),
            "{warnings}"
        );
    }

    #[test]
    fn no_branches_is_not_none_missed() {
        let report = read(
            r#"<coverage line-rate="0.5" branches-valid="0" branches-covered="0" lines-valid="2" lines-covered="1" version="6.5.0">
            <!-- Generated by coverage.py: https://coverage.readthedocs.io -->
            <packages><package name="a"><classes><class name="a.py" filename="a.py"><methods/><lines>
            <line number="1" hits="1"/><line number="2" hits="0"/></lines></class></classes></package></packages></coverage>"#,
        );
        assert_eq!(report.totals.branches, None);
        assert_eq!(report.files[0].totals().branches, None);
        assert_eq!(report.files[0].totals().functions, None);
        assert_eq!(
            warnings(&report),
            "no branch data in this report; run coverage.py with --branch"
        );
    }

    #[test]
    fn a_class_with_lines_in_its_methods_alone_is_read_from_them() {
        let report = read(
            r#"<coverage line-rate="0"><packages><package><classes><class filename="a.go"><methods><method name="Get"><lines>
            <line number="7" hits="0"/><line number="8" hits="4" branch="true" condition-coverage="75% (3/4)"/></lines></method></methods></class></classes></package></packages></coverage>"#,
        );
        let file = &report.files[0];
        assert_eq!(lines(file), "7:0 8:4");
        assert_eq!(branches(file), "8 Unknown 3/4\n");
        // A function of which any line ran was called.
        assert_eq!(functions(file), "Get@7-8=4");
        assert_eq!(pair(report.totals.lines), Some((1, 2)));
    }

    #[test]
    fn odd_values_are_warnings() {
        let report = read(
            r#"<coverage line-rate="0"><packages><package><classes>
            <class name="nameless"><lines><line number="1" hits="1"/></lines></class>
            <class filename="a &amp; b.c"><lines>
            <line number="0" hits="1"/><line number="99999999999" hits="1"/><line number="x" hits="1"/>
            <line number="2" hits="-1"/><line number="3" hits="99999999999999999999999"/>
            <line number="4" hits="1" branch="true"/>
            <line number="5" hits="1" branch="true" condition-coverage="200% (4/2)"/>
            </lines></class></classes></package></packages></coverage>"#,
        );
        let [file] = report.files.as_slice() else {
            panic!("{:?}", report.files)
        };
        assert_eq!(file.reported(), "a & b.c");
        assert_eq!(lines(file), "2:0 3:18446744073709551613 4:1 5:1");
        assert_eq!(branches(file), "5 Unknown 2/2\n");
        assert_eq!(report.warnings.len(), 6, "{}", warnings(&report));
    }
}

mod clover {
    use super::*;

    #[test]
    fn phpunit_counts_no_branches_and_whole_methods() {
        let report = parse(&sample("edge/phpunit/clover.xml")).unwrap();
        let file = &report.files[0];
        assert_eq!(file.reported(), "/home/ci/project/php/src/Calc.php");
        // A method is no statement.
        assert_eq!(lines(file), "7:1 8:0 10:1");
        assert_eq!(functions(file), "div@5-5=1");
        assert_eq!(pair(report.totals.lines), Some((2, 3)));
        assert_eq!(report.totals.branches, None);
        // The tool's figure: a method of which a part never ran is not covered.
        assert_eq!(pair(report.totals.functions), Some((0, 1)));
        let warnings = warnings(&report);
        assert!(
            warnings.contains("no branch data in this report"),
            "{warnings}"
        );
        assert!(
            warnings.contains("0 of 1, while 1 were called"),
            "{warnings}"
        );
    }

    #[test]
    fn istanbul_counts_the_arms_of_a_line() {
        let report = parse(&sample("jest-babel-js/coverage/clover.xml")).unwrap();
        let file = &report.files[0];
        assert_eq!(
            file.reported(),
            "/home/ci/project/kiosk-jest-babel/src/café menu.js"
        );
        assert_eq!(branches(file), "4 Unknown 3/6\n5 Unknown 1/2\n");
        // The tool's own figure for the file, though its lines hold 4 of 8.
        assert_eq!(pair(file.totals().branches), Some((5, 9)));
        assert_eq!(pair(report.totals.branches), Some((43, 66)));
        assert!(warnings(&report).contains("36/59"), "{}", warnings(&report));
    }

    #[test]
    fn gcovr_has_no_conditions_in_it() {
        let report = parse(&sample("gcc-lcov-gcovr-llvm/reports/gcovr-clover.xml")).unwrap();
        assert_eq!(report.tool.as_deref(), Some("gcovr"));
        assert_eq!(report.totals.branches, None);
        assert_eq!(report.files[0].totals().branches, None);
        assert!(
            warnings(&report).contains("gcovr writes it with --json"),
            "{}",
            warnings(&report)
        );
    }

    #[test]
    fn clover_itself_counts_conditions_and_leaves_tests_out() {
        let report = read(
            r#"<coverage generated="1" clover="4.5.2"><project><metrics conditionals="2" coveredconditionals="1" statements="3" coveredstatements="3" methods="1" coveredmethods="1"/>
            <package name="a"><metrics statements="3" coveredstatements="3"/><file name="A.java" path="/x/a/A.java">
            <metrics conditionals="2" coveredconditionals="1" statements="3" coveredstatements="3" methods="1" coveredmethods="1"/>
            <class name="A"><metrics statements="99" coveredstatements="0"/></class>
            <line num="3" type="method" signature="go(int) : int" count="4"/>
            <line num="4" type="stmt" count="4"/><line num="4" type="stmt" count="1"/><line num="4" type="cond" truecount="4" falsecount="0" complexity="1"/>
            <line num="5" type="stmt" count="2"/></file></package></project>
            <testproject><package name="a"><file name="ATest.java" path="/x/a/ATest.java"><line num="1" type="stmt" count="0"/></file></package></testproject></coverage>"#,
        );
        assert_eq!(report.tool.as_deref(), Some("Clover 4.5.2"));
        let [file] = report.files.as_slice() else {
            panic!("{:?}", report.files)
        };
        assert_eq!(branches(file), "4 Unknown True=4 False=0\n");
        assert_eq!(functions(file), "go(int) : int@3-3=4");
        assert_eq!(pair(report.totals.statements), Some((3, 3)));
        assert_eq!(pair(report.totals.lines), Some((2, 2)));
        assert_eq!(pair(report.totals.branches), Some((1, 2)));
        assert!(
            warnings(&report).contains("testproject"),
            "{}",
            warnings(&report)
        );
    }
}

mod llvm {
    use super::*;

    #[test]
    fn macros_are_shown_where_they_are_used() {
        let report = parse(&sample("gcc-lcov-gcovr-llvm/reports/llvm-cov.json")).unwrap();
        let file = &report.files[1];
        assert!(
            branches(file).contains("18:11 Unknown True=0 False=0\n"),
            "{}",
            branches(file)
        );
        assert_eq!(pair(file.totals().branches), Some((15, 32)));
    }

    #[test]
    fn instances_are_one_decision_and_a_warning_tells_the_difference() {
        let report = parse(&sample("gcc-lcov-gcovr-llvm/reports/llvm-cov.json")).unwrap();
        let header = &report.files[0];
        assert_eq!(
            branches(header),
            "5:8 Unknown True=0 False=4\n6:11 Unknown True=1 False=3\n"
        );
        assert_eq!(functions(header), "clamp@4:47-7:1=4");
        // Line 8 is the macro's, and no line of a function: the tool's own figure leaves it out.
        assert_eq!(pair(header.totals().lines), Some((4, 4)));
        assert_eq!(lines(header), "4:4 5:4 6:4 7:4 8:0");

        let rust = parse(&sample("rust-llvm-cov/reports/llvm-cov.json")).unwrap();
        let file = &rust.files[0];
        assert!(
            branches(file).contains("46:7 Unknown True=1 False=1\n"),
            "{}",
            branches(file)
        );
        assert_eq!(pair(file.totals().branches), Some((14, 22)));
        assert!(
            warnings(&rust)
                .contains("the tool counts 14/22 arms, all instances together have 15/22"),
            "{}",
            warnings(&rust)
        );
        assert_eq!(pair(rust.totals.branches), Some((15, 28)));
    }

    #[test]
    fn rust_without_branches_says_so() {
        let summary = r#"{"branches":{"count":0,"covered":0,"percent":0},"lines":{"count":1,"covered":1,"percent":100},"functions":{"count":1,"covered":1}}"#;
        let export = |name: &str| {
            format!(
                r#"{{"data":[{{"files":[{{"branches":[],"expansions":[],"filename":"{name}","segments":[[1,1,1,true,true,false],[1,9,0,false,false,false]],"summary":{summary}}}],"functions":[],"totals":{summary}}}],"type":"llvm.coverage.json.export","version":"2.0.1","cargo_llvm_cov":{{"version":"0.6.15"}}}}"#
            )
        };
        let rust = read(&export("/x/src/lib.rs"));
        assert_eq!(rust.tool.as_deref(), Some("cargo-llvm-cov 0.6.15"));
        assert_eq!(rust.totals.branches, None);
        assert_eq!(rust.files[0].totals().branches, None);
        assert_eq!(
            warnings(&rust),
            "no branch data for Rust: measure with a nightly toolchain and `cargo llvm-cov --branch`"
        );
        // clang always measures them: none are there.
        let c = read(&export("/x/src/lib.c"));
        assert_eq!(pair(c.totals.branches), Some((0, 0)));
        assert_eq!(warnings(&c), "");
    }

    #[test]
    fn condition_records_and_summaries_are_tolerated() {
        let report = read(
            r#"{"data":[{"files":[{"branches":[[3,5,3,9,2,0,0,0,6],[3,13,3,14,1,1,0,0,6]],"mcdc_records":[[3,5,3,14,1,0,0,5,[true,false],[[[true,false],true]]]],
            "expansions":[],"filename":"/x/a.c","segments":[]}],"functions":[{"name":"a.c;go","count":2,"filenames":["/x/a.c"],"regions":[]}]}],"type":"llvm.coverage.json.export","version":"3.1.0"}"#,
        );
        assert_eq!(
            branches(&report.files[0]),
            "3:4 Unknown True=2 False=0\n3:12 Unknown True=1 False=1\n"
        );
        let summary = read(
            r#"{"data":[{"files":[{"filename":"/x/a.c","summary":{"branches":{"count":4,"covered":1},"lines":{"count":9,"covered":3}}}],"totals":{"branches":{"count":4,"covered":1},"lines":{"count":9,"covered":3}}}]}"#,
        );
        assert_eq!(pair(summary.totals.branches), Some((1, 4)));
        assert_eq!(pair(summary.files[0].totals().lines), Some((3, 9)));
        assert!(
            warnings(&summary).contains("1/4 arms"),
            "{}",
            warnings(&summary)
        );
    }

    #[test]
    fn lines_are_counted_the_way_llvm_cov_shows_them() {
        // A function with a region that repeats (line 2), a gap (3), a skipped block (5) and a line that
        // only the region before reaches (4).
        let report = read(
            r#"{"data":[{"files":[{"branches":[],"expansions":[],"filename":"/x/a.c","segments":[
            [1,10,1,true,true,false],[2,5,7,true,true,false],[2,9,1,true,false,false],[3,2,0,true,true,true],
            [5,1,0,false,true,false],[6,1,3,true,true,false],[8,1,0,false,false,false]]}],"functions":[]}]}"#,
        );
        assert_eq!(lines(&report.files[0]), "1:1 2:7 3:1 4:0 6:3 7:3 8:3");
    }

    #[test]
    fn segments_over_thousands_of_millions_of_lines_are_no_report() {
        let error = fails(
            r#"{"data":[{"files":[{"filename":"/x/a.c","segments":[[1,1,1,true,true,false],[4294967295,1,0,false,false,false]]}]}]}"#,
        );
        assert!(
            error.contains("span more lines than any source has"),
            "{error}"
        );
    }
}

mod gcovr {
    use super::*;

    #[test]
    fn what_is_excluded_counts_nowhere_and_instances_count_each() {
        let report = read(
            r#"{"gcovr/format_version":"0.15","files":[{"file":"a.cpp","lines":[
            {"line_number":3,"function_name":"T<int>","count":2,"branches":[{"branchno":0,"count":2,"fallthrough":true,"throw":false,"source_block_id":1},{"branchno":1,"count":0,"fallthrough":false,"throw":true,"source_block_id":1}]},
            {"line_number":3,"function_name":"T<char>","count":0,"branches":[{"branchno":0,"count":0,"source_block_id":1},{"branchno":1,"count":0,"source_block_id":1},{"branchno":2,"count":0,"source_block_id":2,"gcovr/excluded":true}]},
            {"line_number":4,"count":0,"branches":[{"branchno":0,"count":0}],"gcovr/excluded":true},
            {"line_number":5,"count":1,"branches":[{"branchno":0,"count":1,"source_block_id":4},{"branchno":1,"count":5,"source_block_id":7},{"branchno":2,"count":0,"source_block_id":4}]}],
            "functions":[{"name":"_Z1T","demangled_name":"T()","lineno":3,"execution_count":2},{"name":"gone","lineno":4,"execution_count":0,"gcovr/excluded":true}]}]}"#,
        );
        let file = &report.files[0];
        assert_eq!(lines(file), "3:2 5:1");
        assert_eq!(
            branches(file),
            "3 Unknown Nth=2 Throw=0\n3 Unknown Nth=0 Nth=0\n5 Unknown Nth=1 Nth=0\n5 Unknown Nth=5\n"
        );
        assert_eq!(functions(file), "T()@3-3=2");
        // Two instances of line 3, as the tool counts.
        assert_eq!(pair(report.totals.lines), Some((2, 3)));
        assert_eq!(pair(report.totals.branches), Some((3, 7)));
        assert_eq!(pair(report.totals.functions), Some((1, 1)));
        assert!(
            warnings(&report).contains("is 1 higher than there are lines"),
            "{}",
            warnings(&report)
        );
    }

    #[test]
    fn a_summary_has_figures_and_no_lines() {
        let report = parse(&sample("gcc-lcov-gcovr-llvm/reports/gcovr-summary.json")).unwrap();
        assert_eq!(report.format, Format::Gcovr);
        assert_eq!(pair(report.totals.functions), Some((7, 8)));
        assert_eq!(report.files.len(), 5);
        assert_eq!(report.files[0].lines().len(), 0);
        assert!(
            warnings(&report).contains("gcovr --json"),
            "{}",
            warnings(&report)
        );
    }

    #[test]
    fn an_older_version_without_blocks_has_one_decision_a_line() {
        let report = read(
            r#"{"current_working_directory":".","files":[{"file":"a.c","lines":[
            {"branches":[{"count":1,"fallthrough":true,"throw":false},{"count":0,"fallthrough":false,"throw":false}],"count":1,"gcovr/noncode":false,"line_number":2},
            {"branches":[],"count":0,"gcovr/noncode":true,"line_number":3}]}],"gcovr/format_version":"0.1"}"#,
        );
        assert_eq!(branches(&report.files[0]), "2 Unknown Nth=1 Nth=0\n");
        assert_eq!(lines(&report.files[0]), "2:1");
        assert_eq!(report.totals.functions, None);
    }
}

mod go {
    use super::*;

    #[test]
    fn blocks_are_statements_and_lines_and_never_branches() {
        let report = parse(&sample("go/reports/cover.out")).unwrap();
        let queue = report
            .files
            .iter()
            .find(|file| file.reported() == "example.com/queue/queue.go")
            .unwrap();
        assert_eq!(queue.branches().len(), 0);
        assert_eq!(queue.totals().branches, None);
        assert_eq!(queue.totals().lines, None);
        assert_eq!(pair(queue.totals().statements), Some((10, 14)));
        // 8 decides and belongs to the block that ends there; 12 never ran; 31 has a part that never ran.
        assert_eq!(
            lines(queue),
            "7:2 8:2 9:1 10:1 11:1 12:0 14:1 15:1 16:1 19:1 20:1 21:0 22:0 23:1 24:1 25:0 26:0 30:1 31:0"
        );
        let heap = &report.files[1];
        assert_eq!(heap.reported(), "example.com/queue/heap/naïve.go");
        // `} else if x > 1 {` ran, though the body before it did not.
        assert_eq!(lines(heap), "3:1 4:1 5:0 6:1 7:1 8:1 9:0");
    }

    #[test]
    fn the_same_block_of_several_runs_is_added_up() {
        let twice = "a.go:1.1,3.2 2 0\na.go:1.1,3.2 2 3\nb.go:1.1,1.9 1 0\na.go:1.1,3.2 2 4\n";
        let counted = read(&format!("mode: atomic\n{twice}"));
        assert_eq!(lines(&counted.files[0]), "1:7 2:7 3:7");
        assert_eq!(pair(counted.totals.statements), Some((2, 3)));
        let seen = read(&format!("mode: set\n{twice}mode: set\na.go:4.1,4.2 1 0\n"));
        assert_eq!(lines(&seen.files[0]), "1:taken 2:taken 3:taken 4:untaken");
    }

    #[test]
    fn names_may_hold_anything() {
        let report = read("mode: count\r\nC:\\a b:c\\x.go:1.1,2.2 1 1\r\n");
        assert_eq!(report.files[0].reported(), "C:\\a b:c\\x.go");
    }

    #[test]
    fn an_unfinished_profile_says_so() {
        let empty = read("mode: set\n");
        assert_eq!(empty.files.len(), 0);
        assert_eq!(pair(empty.totals.statements), Some((0, 0)));
        assert_eq!(
            warnings(&empty),
            "no blocks: the tests are still running, or nothing was measured"
        );
        let cut = read("mode: set\na.go:1.1,2.2 1 1");
        assert_eq!(
            warnings(&cut),
            "the last line has no line end; the tests may still be running"
        );
        let error = fails("mode: set\na.go:1.1,2.2 1 1\na.go:3.1,");
        assert_eq!(
            error,
            "line 3, column 10: the file ends in the middle of a line; the tool may still be writing it"
        );
        let error = fails("mode: set\na.go:1.1,2.2 1\na.go:3.1,4.4 1 1\n");
        assert!(
            error.starts_with("line 2, column 1: expected `file.go:line.column"),
            "{error}"
        );
    }

    #[test]
    fn numbers_have_bounds() {
        let report = read("mode: count\na.go:1.1,2.2 1 99999999999999999999999999\n");
        assert_eq!(
            lines(&report.files[0]),
            "1:18446744073709551613 2:18446744073709551613"
        );
        let error = fails("mode: count\na.go:1.1,4000000000.2 1 1\n");
        assert!(
            error.contains("span more lines than any source has"),
            "{error}"
        );
        for wrong in [
            "a.go:0.1,2.2 1 1",
            "a.go:9.1,2.2 1 1",
            "a.go:1.1,99999999999.2 1 1",
            ":1.1,2.2 1 1",
        ] {
            let error = fails(&format!("mode: count\n{wrong}\n"));
            assert!(error.starts_with("line 2, column 1: expected"), "{error}");
        }
        assert!(fails("mode: sometimes\n").contains("expected `mode: set`"));
    }
}

mod simplecov {
    use super::*;

    #[test]
    fn a_result_set_names_its_arms() {
        let report = parse(&sample("edge/simplecov/.resultset.json")).unwrap();
        assert_eq!(report.format, Format::SimpleCov);
        let file = &report.files[0];
        assert_eq!(file.reported(), "/home/ci/project/app/lib/calc.rb");
        assert_eq!(lines(file), "2:1 3:1 4:1 6:0");
        assert_eq!(branches(file), "4:4 If True=1 False=0\n");
        assert_eq!(pair(report.totals.lines), Some((3, 4)));
        assert_eq!(pair(report.totals.branches), Some((1, 2)));
        assert_eq!(report.totals.functions, None);
    }

    #[test]
    fn suites_are_added_up() {
        let report = read(
            r#"{"RSpec":{"coverage":{"/x/a.rb":{"lines":[1,0,null,0,null],"branches":{
              "[:unless, 0, 1, 2, 3, 5]":{"[:else, 1, 1, 2, 3, 5]":2,"[:then, 2, 2, 4, 2, 9]":0},
              "[:case, 10, 5, 0, 9, 3]":{"[:when, 11, 6, 4, 6, 9]":1,"[:when, 12, 7, 4, 7, 9]":0,"[:else, 13, 5, 0, 9, 3]":0},
              "[:\"&.\", 3, 4, 0, 4, 8]":{"[:then, 4, 4, 0, 4, 8]":0,"[:else, 5, 4, 0, 4, 8]":1}}}},"timestamp":1},
              "Minitest":{"coverage":{"/x/a.rb":{"lines":[2,0,null,null,3,1],"branches":{"[:unless, 0, 1, 2, 3, 5]":{"[:else, 1, 1, 2, 3, 5]":1,"[:then, 2, 2, 4, 2, 9]":4}}},
              "/x/old.rb":[null,1]},"timestamp":2}}"#,
        );
        let [file, old] = report.files.as_slice() else {
            panic!("{:?}", report.files)
        };
        // Line 4 is code to one suite alone, and did not run.
        assert_eq!(lines(file), "1:3 2:0 5:3 6:1");
        // In the order of the text; an else that nobody wrote has the place of the whole.
        assert_eq!(
            branches(file),
            "1:2 If True=3 False=4\n4:0 Unknown at 4:0=0 ImplicitElse=1\n5:0 Switch at 6:4=1 at 7:4=0 ImplicitElse=0\n"
        );
        assert_eq!(lines(old), "2:1");
    }

    #[test]
    fn the_formatters_json_is_read_too() {
        let report = read(
            r#"{"meta":{"simplecov_version":"0.22.0"},"coverage":{"/x/a.rb":{"lines":[null,1,"ignored",0],"branches":[
            {"type":"then","start_line":3,"end_line":3,"coverage":1,"inline":false,"report_line":2},
            {"type":"else","start_line":5,"end_line":5,"coverage":"ignored","inline":false,"report_line":4},
            {"type":"else","start_line":7,"end_line":9,"coverage":0,"inline":true,"report_line":7}]}},"groups":{"A":{"lines":{"covered_percent":1.0}}}}"#,
        );
        assert_eq!(report.tool.as_deref(), Some("SimpleCov 0.22.0"));
        let file = &report.files[0];
        assert_eq!(lines(file), "2:1 4:0");
        assert_eq!(
            branches(file),
            "2 Unknown at 3=1\n7 Unknown Text(\"else\")=0\n"
        );
    }

    #[test]
    fn lines_alone_are_no_branches() {
        let report = read(r#"{"RSpec":{"coverage":{"/x/a.rb":{"lines":[1,0]}},"timestamp":1}}"#);
        assert_eq!(report.totals.branches, None);
        assert!(
            warnings(&report).contains("enable_coverage :branch"),
            "{}",
            warnings(&report)
        );
        let odd = read(
            r#"{"RSpec":{"coverage":{"/x/a.rb":{"lines":null,"branches":{"[:if, x]":{},"[:if, 0, 1, 2, 3, 5]":{"[:then]":1}},"methods":{"[\"A::B\", :go, 3, 2, 5, 5]":0,"[]":1}}},"timestamp":1}}"#,
        );
        assert_eq!(odd.totals.lines, None);
        assert_eq!(functions(&odd.files[0]), "A::B#go@3-3=0");
        assert_eq!(odd.warnings.len(), 3, "{}", warnings(&odd));
    }
}

mod no_report {
    use super::*;

    #[test]
    fn binary_data_names_the_command_that_exports_it() {
        for (bytes, words) in [
            (&b"SQLite format 3\0\x10\0\x01\x01"[..], "coverage json"),
            (b"\x01\xc0\xc0\x10\x07\x10\0\x08", "--xml jacoco.xml"),
            (b"\xfflprofi\x81\x0c\0\0\0", "llvm-cov export"),
            (b"\x81rforpl\xff\x09\0\0\0", "llvm-profdata merge"),
            (b"adcg*22B", "gcovr --json"),
            (b"oncg*22B", "lcov -c"),
            (b"\x1f\x8b\x08\0", "gunzip"),
        ] {
            let error = parse(bytes).unwrap_err();
            assert!(matches!(error, ParseError::Binary { .. }), "{error:?}");
            let error = error.to_string();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn foreign_files_name_the_report_to_write_instead() {
        for (text, what, instead) in [
            (
                r#"<?xml version="1.0"?><CoverageSession><Summary numSequencePoints="1"/></CoverageSession>"#,
                "OpenCover",
                "Cobertura",
            ),
            (
                r#"<coverage version="1"><file path="a.c"><lineToCover lineNumber="4" covered="true"/></file></coverage>"#,
                "SonarQube",
                "gcovr --json",
            ),
            (
                "{\n \"app.dll\": {\"/x/a.cs\": {\"App.A\": {\"Void App.A::Go()\": {\"Lines\": {\"3\": 1}, \"Branches\": []}}}}}",
                "coverlet",
                "cobertura",
            ),
            (
                r#"{"result":[{"scriptId":"1","url":"file:///a.js","functions":[{"isBlockCoverage":true}]}]}"#,
                "V8",
                "c8 report",
            ),
            (
                "<!DOCTYPE html>\n<html><head><meta charset=utf-8><title>Coverage report</title></head><body><p>created by coverage.py v7</body>",
                "HTML page of coverage.py",
                "coverage json",
            ),
            (
                "<!doctype html><html><br><p>Code coverage generated by <a href=\"https://istanbul.js.org/\">istanbul</a>",
                "HTML page of Istanbul",
                "coverage-final.json",
            ),
            ("<html><body>hello", "an HTML page", "format for programs"),
            (
                "Name    Stmts   Miss Branch BrPart  Cover\n--------\na.py  1 0 0 0 100%\n",
                "coverage.py's table",
                "coverage json",
            ),
            (
                "----------|---------|----------|---------|\nFile      | % Stmts | % Branch | % Funcs |\n",
                "Istanbul's table",
                "reporter json",
            ),
            (
                "ok  \texample.com/queue\t0.002s\tcoverage: 72.0% of statements in ./...\n",
                "what go test prints",
                "-coverprofile",
            ),
            (
                "        -:    0:Source:src/a.c\n        1:    1:int a;\n",
                "gcov's annotated source",
                "gcovr --json",
            ),
            (
                "<?php return \\unserialize('O:35:\"SebastianBergmann\\CodeCoverage\\CodeCoverage\"');",
                "PHPUnit",
                "phpcov",
            ),
        ] {
            let error = parse(text.as_bytes()).unwrap_err();
            assert!(
                matches!(error, ParseError::Foreign { .. }),
                "{text}: {error:?}"
            );
            let error = error.to_string();
            assert!(error.contains(what) && error.contains(instead), "{error}");
        }
        let sonar = sample("gcc-lcov-gcovr-llvm/reports/gcovr-sonarqube.xml");
        assert!(parse(&sonar).unwrap_err().to_string().contains("SonarQube"));
        let table = sample("gcc-lcov-gcovr-llvm/reports/gcovr.txt");
        assert!(
            parse(&table)
                .unwrap_err()
                .to_string()
                .contains("gcovr's table")
        );
        let csv = sample("gcc-lcov-gcovr-llvm/reports/gcovr.csv");
        assert!(parse(&csv).unwrap_err().to_string().contains("gcovr's CSV"));
        let table = sample("gcc-lcov-gcovr-llvm/reports/llvm-cov-report.txt");
        assert!(
            parse(&table)
                .unwrap_err()
                .to_string()
                .contains("llvm-cov's table")
        );
    }

    #[test]
    fn places_lie_within_the_file_whatever_bytes_it_has() {
        let bytes = b"<\xe0\xff\xe0\xff\xffet\n";
        match parse(bytes).unwrap_err() {
            ParseError::Truncated { place, .. } | ParseError::Syntax { place, .. } => {
                // Of Latin-1 each byte may become two.
                assert!(place.byte <= 2 * bytes.len() as u64, "{place:?}");
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_nobody_knows_is_quoted_harmlessly() {
        let error = fails("\x1b[31mhello\u{202e} world");
        assert!(
            error.contains("hello") && !error.contains('\x1b') && !error.contains('\u{202e}'),
            "{error}"
        );
    }
}
