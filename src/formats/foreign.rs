//! Files that lie where reports lie and are none: what each of them is, and which report to write
//! instead. Binary data is known by its first bytes, the rest by words that only its tool writes.

use super::ParseError;

/// Data that only its own tool can read, or `None`.
pub(super) fn binary(bytes: &[u8]) -> Option<ParseError> {
    let (_, what, export) = BINARY.iter().find(|(magic, ..)| bytes.starts_with(magic))?;
    Some(ParseError::Binary { what, export })
}

/// Text that is known and no report, or `None`. `head` is the beginning of the file.
pub(super) fn text(head: &[u8]) -> Option<ParseError> {
    let start = head.trim_ascii_start();
    let kinds = match start {
        [b'{' | b'[', ..] => JSON,
        [b'<', ..] if is_html(start) => HTML,
        [b'<', ..] => XML,
        _ => PLAIN,
    };
    let has = |words: &&[&str]| {
        words
            .iter()
            .all(|word| memchr::memmem::find(start, word.as_bytes()).is_some())
    };
    let (_, what, instead) = kinds.iter().find(|(words, ..)| has(words))?;
    Some(ParseError::Foreign { what, instead })
}

fn is_html(start: &[u8]) -> bool {
    ["<!doctype html", "<html"].iter().any(|tag| {
        start
            .get(..tag.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(tag.as_bytes()))
    })
}

const EXPORT_LLVM: &str = "llvm-profdata merge -o all.profdata *.profraw && llvm-cov export -instr-profile all.profdata BINARY > coverage.json";
const EXPORT_GCC: &str =
    "gcovr --json coverage.json, or lcov -c -d . --branch-coverage -o lcov.info";

/// First bytes, what they begin, and the command that turns it into a report.
const BINARY: &[(&[u8], &str, &str)] = &[
    (
        b"SQLite format 3\0",
        "an SQLite database, as coverage.py keeps in .coverage,",
        "coverage json -o coverage.json",
    ),
    // JaCoCo 0.5 and later: block type 1, the magic number 0xC0C0; then the version.
    (
        b"\x01\xc0\xc0",
        "JaCoCo's execution data",
        "mvn jacoco:report, gradle jacocoTestReport (with xml.required = true), or java -jar jacococli.jar report jacoco.exec --classfiles CLASSES --xml jacoco.xml",
    ),
    (
        b"\xfflprofi\x81",
        "an LLVM profile (.profdata)",
        EXPORT_LLVM,
    ),
    (
        b"\x81rforpl\xff",
        "a raw LLVM profile (.profraw)",
        EXPORT_LLVM,
    ),
    (
        b"\xfflprofr\x81",
        "a raw LLVM profile (.profraw)",
        EXPORT_LLVM,
    ),
    (
        b"\x81Rforpl\xff",
        "a raw LLVM profile (.profraw)",
        EXPORT_LLVM,
    ),
    (
        b"\xfflprofR\x81",
        "a raw LLVM profile (.profraw)",
        EXPORT_LLVM,
    ),
    (b"adcg", "gcc's execution data (.gcda)", EXPORT_GCC),
    (b"gcda", "gcc's execution data (.gcda)", EXPORT_GCC),
    (b"oncg", "gcc's notes on the code (.gcno)", EXPORT_GCC),
    (b"gcno", "gcc's notes on the code (.gcno)", EXPORT_GCC),
    (b"\x1f\x8b", "a gzip archive", "gunzip -k FILE"),
    (b"PK\x03\x04", "a zip archive", "unzip FILE"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", "zstd -dk FILE"),
    (b"\xfd7zXZ\0", "an xz archive", "xz -dk FILE"),
];

/// Words that occur together in one kind of file alone; what it is, and what to do instead.
type Kinds = &'static [(&'static [&'static str], &'static str, &'static str)];

const JSON: Kinds = &[
    (
        &["\"Lines\"", "\"Branches\"", ".dll\""],
        "coverlet's own JSON",
        "write Cobertura instead: dotnet test --collect:\"XPlat Code Coverage\", or /p:CoverletOutputFormat=cobertura",
    ),
    (
        &["\"scriptId\"", "\"isBlockCoverage\""],
        "V8's raw coverage",
        "write a report of it: c8 report --reporter=json --reporter=lcov",
    ),
    (
        &["\"gcc_version\"", "\"current_working_directory\""],
        "gcov's intermediate JSON",
        "write a report of it: gcovr --json coverage.json",
    ),
    (
        &["\"traces\"", "\"coverable\""],
        "cargo-tarpaulin's own JSON",
        "write LCOV instead: cargo tarpaulin --out Lcov",
    ),
    (
        &["\"CodeCoverage\"", "\"hits\""],
        "Dart's raw coverage",
        "write a report of it: dart pub global run coverage:format_coverage --lcov -i coverage -o lcov.info",
    ),
    (
        &["\"lineCoverage\"", "\"targets\""],
        "Xcode's summary",
        "write a report with arms: xcrun llvm-cov export -instr-profile Coverage.profdata BINARY > coverage.json",
    ),
    (
        &["\"numTotalTests\"", "\"testResults\""],
        "a list of Jest's test results",
        "write a coverage report: jest --coverage --coverageReporters=json",
    ),
];

const XML: Kinds = &[
    (
        &["<CoverageSession"],
        "OpenCover XML",
        "write Cobertura instead: dotnet test --collect:\"XPlat Code Coverage\", or reportgenerator -reporttypes:Cobertura",
    ),
    (
        &["<lineToCover"],
        "SonarQube's generic coverage",
        "write the tool's own report instead: gcovr --json, jest --coverageReporters=json",
    ),
    (
        &["<coverage", "<file path="],
        "SonarQube's generic coverage",
        "write the tool's own report instead: gcovr --json, jest --coverageReporters=json",
    ),
    (
        &["<Root", "DotCoverVersion"],
        "dotCover XML",
        "write Cobertura instead: dotnet test --collect:\"XPlat Code Coverage\"",
    ),
    (
        &["<results", "<modules", "block_coverage"],
        "Visual Studio's coverage XML",
        "write Cobertura instead: dotnet-coverage merge -f cobertura -o coverage.cobertura.xml *.coverage",
    ),
    (
        &["schema.phpunit.de/coverage"],
        "PHPUnit's coverage XML",
        "write Clover or Cobertura instead: phpunit --coverage-clover clover.xml",
    ),
    (
        &["<testsuite"],
        "a list of test results (JUnit XML)",
        "give the coverage report of the same run instead",
    ),
    (
        &["unserialize(", "CodeCoverage"],
        "data of PHPUnit (.cov)",
        "write Clover instead: phpcov merge --clover clover.xml DIRECTORY",
    ),
];

const HTML: Kinds = &[
    (
        &["coverage.py"],
        "an HTML page of coverage.py",
        "write JSON instead: coverage json",
    ),
    (
        &["LCOV"],
        "an HTML page of genhtml",
        "give the .info file that it was made from instead",
    ),
    (
        &["jacoco"],
        "an HTML page of JaCoCo",
        "give jacoco.xml instead (gradle: xml.required = true)",
    ),
    (
        &["istanbul"],
        "an HTML page of Istanbul",
        "give coverage-final.json instead (reporter json)",
    ),
    (
        &["GCC Code Coverage Report"],
        "an HTML page of gcovr",
        "write JSON instead: gcovr --json coverage.json",
    ),
    (
        &["SimpleCov"],
        "an HTML page of SimpleCov",
        "give coverage/.resultset.json instead",
    ),
    (
        &["Go Coverage Report"],
        "an HTML page of go tool cover",
        "give the profile that it was made from instead",
    ),
    (
        &[],
        "an HTML page",
        "give the report in a format for programs instead (JSON, XML, LCOV)",
    ),
];

const PLAIN: Kinds = &[
    (
        &["Stmts", "Miss", "Cover", "---"],
        "coverage.py's table",
        "write JSON instead: coverage json",
    ),
    (
        &["% Stmts", "% Branch", "|"],
        "Istanbul's table",
        "give coverage-final.json instead (reporter json)",
    ),
    (
        &["GCC Code Coverage Report"],
        "gcovr's table",
        "write JSON instead: gcovr --json coverage.json",
    ),
    (
        &["filename,line_total,line_covered"],
        "gcovr's CSV",
        "write JSON instead: gcovr --json coverage.json",
    ),
    (
        &["Missed Regions"],
        "llvm-cov's table",
        "write JSON instead: llvm-cov export",
    ),
    (
        &["(statements)", "total:"],
        "the table of go tool cover -func",
        "give the profile that it was made from instead",
    ),
    (
        &["\tcoverage: ", "% of statements"],
        "what go test prints",
        "write a profile instead: go test -coverprofile=cover.out ./...",
    ),
    (
        &["    0:Source:"],
        "gcov's annotated source",
        "write JSON instead: gcovr --json coverage.json",
    ),
    (
        &["Tested/Total Lines:"],
        "cargo-tarpaulin's table",
        "write LCOV instead: cargo tarpaulin --out Lcov",
    ),
    (
        &["!coverage.py: This is a private format"],
        "data of coverage.py 4",
        "write JSON instead: coverage json (coverage.py 5 or later)",
    ),
];
