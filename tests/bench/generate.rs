//! Large reports of a project that nobody wrote, the same on every machine.
//!
//! The shapes are those of the tools (nyc 18, lcov 1, coverage.py 7.17, `JaCoCo` 0.8), the proportions
//! those of real projects: a tenth of the lines never ran, a branch every eight lines, files of very
//! different lengths.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// One of the reports of the benchmark.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Lcov,
    CoveragePy,
    Istanbul,
    JacocoXml,
}

impl Shape {
    pub(crate) const ALL: [Self; 4] = [
        Self::Lcov,
        Self::CoveragePy,
        Self::Istanbul,
        Self::JacocoXml,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Lcov => "LCOV",
            Self::CoveragePy => "coverage.py JSON",
            Self::Istanbul => "Istanbul coverage-final",
            Self::JacocoXml => "JaCoCo XML",
        }
    }

    /// What it is called on the command line of the benchmark.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Lcov => "lcov",
            Self::CoveragePy => "coverage-py",
            Self::Istanbul => "istanbul",
            Self::JacocoXml => "jacoco",
        }
    }

    pub(crate) fn file_name(self) -> &'static str {
        match self {
            Self::Lcov => "lcov.info",
            Self::CoveragePy => "coverage.json",
            Self::Istanbul => "coverage-final.json",
            Self::JacocoXml => "jacoco.xml",
        }
    }

    pub(crate) fn megabytes(self) -> usize {
        match self {
            Self::Lcov => 114,
            Self::CoveragePy => 53,
            Self::Istanbul => 86,
            Self::JacocoXml => 95,
        }
    }

    pub(crate) fn n_files(self) -> usize {
        match self {
            Self::Lcov | Self::JacocoXml => 4000,
            Self::CoveragePy => 2500,
            Self::Istanbul => 1500,
        }
    }

    /// Writes the report to a file.
    pub(crate) fn write(self, path: &Path) -> io::Result<()> {
        let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
        let mut seeded = Seeded(0x9e37_79b9_7f4a_7c15);
        let average = self.megabytes() * 1_000_000 / self.n_files();
        let mut written = 0;
        let mut page = Vec::new();
        let mut sum = Figures::default();
        out.write_all(self.head())?;
        for nth in 0..self.n_files() {
            // Between a fifth and nine fifths of what is left for each file: the total comes out right.
            let fair = (average * (nth + 1))
                .saturating_sub(written)
                .max(average / 5);
            let size = fair / 5 + seeded.below(fair * 8 / 5 + 1);
            page.clear();
            match self {
                Self::Lcov => lcov(&mut page, nth, size, &mut seeded),
                Self::CoveragePy => coverage_py(&mut page, nth, size, &mut seeded, &mut sum),
                Self::Istanbul => istanbul(&mut page, nth, size, &mut seeded),
                Self::JacocoXml => jacoco(&mut page, nth, size, &mut seeded, &mut sum),
            }?;
            written += page.len();
            out.write_all(&page)?;
        }
        page.clear();
        self.foot(&mut page, sum)?;
        out.write_all(&page)?;
        out.flush()
    }

    fn head(self) -> &'static [u8] {
        match self {
            Self::Lcov => b"",
            Self::CoveragePy => br#"{"meta": {"format": 3, "version": "7.17.3", "timestamp": "2026-11-22T08:08:20.889449", "branch_coverage": true, "show_contexts": false}, "files": {"#,
            Self::Istanbul => b"{",
            Self::JacocoXml => br#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><!DOCTYPE report PUBLIC "-//JACOCO//DTD Report 1.1//EN" "report.dtd"><report name="harbour"><sessioninfo id="ci-runner" start="1795333797378" dump="1795333797809"/>"#,
        }
    }

    fn foot(self, page: &mut Vec<u8>, sum: Figures) -> io::Result<()> {
        match self {
            Self::Lcov => {}
            Self::Istanbul => page.extend(b"}\n"),
            Self::CoveragePy => {
                let ((missing, executed), (untaken, taken)) = (sum.lines, sum.arms);
                write!(
                    page,
                    "}}, \"totals\": {{\"covered_lines\": {executed}, \"num_statements\": {}, \"percent_covered\": 89.9, \"percent_covered_display\": \"90\", \"missing_lines\": {missing}, \"excluded_lines\": 0, \"num_branches\": {}, \"num_partial_branches\": {untaken}, \"covered_branches\": {taken}, \"missing_branches\": {untaken}}}}}",
                    executed + missing,
                    taken + untaken
                )?;
            }
            Self::JacocoXml => {
                sum.write(page, true)?;
                page.extend(b"</report>");
            }
        }
        Ok(())
    }
}

/// Missed and covered, of each thing that is counted.
#[derive(Clone, Copy, Default)]
struct Figures {
    instructions: (usize, usize),
    arms: (usize, usize),
    lines: (usize, usize),
    methods: (usize, usize),
}

impl Figures {
    fn add(&mut self, other: Self) {
        for (sum, other) in [
            (&mut self.instructions, other.instructions),
            (&mut self.arms, other.arms),
            (&mut self.lines, other.lines),
            (&mut self.methods, other.methods),
        ] {
            sum.0 += other.0;
            sum.1 += other.1;
        }
    }

    /// As `JaCoCo`'s counters; one of classes only where there can be one.
    fn write(self, out: &mut Vec<u8>, class: bool) -> io::Result<()> {
        let complexity = (
            self.arms.0 / 2 + self.methods.0,
            self.arms.1 / 2 + self.methods.1,
        );
        for (name, (missed, covered)) in [
            ("INSTRUCTION", self.instructions),
            ("BRANCH", self.arms),
            ("LINE", self.lines),
            ("COMPLEXITY", complexity),
            ("METHOD", self.methods),
        ] {
            if missed + covered > 0 {
                write!(
                    out,
                    r#"<counter type="{name}" missed="{missed}" covered="{covered}"/>"#
                )?;
            }
        }
        if class {
            write!(out, r#"<counter type="CLASS" missed="0" covered="1"/>"#)?;
        }
        Ok(())
    }
}

/// xorshift64*.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let drawn = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(drawn).unwrap_or(0) % bound.max(1)
    }

    /// How often something ran: mostly a few times, now and then never or very often.
    fn hits(&mut self) -> usize {
        match self.below(10) {
            0 => 0,
            1..=6 => 1 + self.below(9),
            7 | 8 => 10 + self.below(990),
            _ => 1000 + self.below(200_000),
        }
    }
}

fn module(nth: usize) -> String {
    const WORDS: [&str; 8] = [
        "berths", "customs", "cranes", "ledger", "tides", "pilots", "freight", "signals",
    ];
    format!(
        "{}/{}/{}_{nth}",
        WORDS[nth % 8],
        WORDS[nth / 8 % 8],
        WORDS[nth / 64 % 8]
    )
}

fn lcov(page: &mut Vec<u8>, nth: usize, size: usize, seeded: &mut Seeded) -> io::Result<()> {
    let (mut functions, mut calls, mut arms, mut lines) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut fnf, mut fnh, mut brf, mut brh, mut lf, mut lh) = (0, 0, 0, 0, 0, 0);
    let mut line = 1;
    while functions.len() + calls.len() + arms.len() + lines.len() < size {
        line += 2;
        let hits = seeded.hits();
        writeln!(functions, "FN:{line},handle_{fnf}")?;
        writeln!(calls, "FNDA:{hits},handle_{fnf}")?;
        fnf += 1;
        fnh += usize::from(hits > 0);
        for _ in 0..6 + seeded.below(30) {
            line += 1 + seeded.below(3) / 2;
            let hits = seeded.hits();
            writeln!(lines, "DA:{line},{hits}")?;
            lf += 1;
            lh += usize::from(hits > 0);
            if seeded.below(5) == 0 {
                for arm in 0..2 + seeded.below(8) / 7 {
                    let hits = if hits == 0 { 0 } else { seeded.hits() };
                    writeln!(arms, "BRDA:{line},{},{arm},{hits}", brf / 2)?;
                    brh += usize::from(hits > 0);
                    brf += 1;
                }
            }
        }
    }
    writeln!(page, "TN:\nSF:src/{}.js", module(nth))?;
    page.extend(functions);
    writeln!(page, "FNF:{fnf}\nFNH:{fnh}")?;
    page.extend(calls);
    page.extend(lines);
    writeln!(page, "LF:{lf}\nLH:{lh}")?;
    page.extend(arms);
    writeln!(page, "BRF:{brf}\nBRH:{brh}\nend_of_record")
}

/// A piece of Python: its lines, and the arcs of its branches.
#[derive(Default)]
struct Region {
    start: usize,
    executed: Vec<usize>,
    missing: Vec<usize>,
    taken: Vec<(usize, i64)>,
    untaken: Vec<(usize, i64)>,
}

impl Region {
    fn write(&self, page: &mut Vec<u8>) -> io::Result<()> {
        let lines = |page: &mut Vec<u8>, lines: &[usize]| {
            let texts: Vec<_> = lines.iter().map(ToString::to_string).collect();
            write!(page, "[{}]", texts.join(", "))
        };
        let arcs = |page: &mut Vec<u8>, arcs: &[(usize, i64)]| {
            let texts: Vec<_> = arcs
                .iter()
                .map(|(from, to)| format!("[{from}, {to}]"))
                .collect();
            write!(page, "[{}]", texts.join(", "))
        };
        let (executed, missing) = (self.executed.len(), self.missing.len());
        let (taken, untaken) = (self.taken.len(), self.untaken.len());
        page.extend(b"{\"executed_lines\": ");
        lines(page, &self.executed)?;
        write!(
            page,
            ", \"summary\": {{\"covered_lines\": {executed}, \"num_statements\": {}, \"percent_covered\": 79.51807228915662, \"percent_covered_display\": \"80\", \"missing_lines\": {missing}, \"excluded_lines\": 0, \"percent_statements_covered\": 84.21052631578948, \"percent_statements_covered_display\": \"84\", \"num_branches\": {}, \"num_partial_branches\": {untaken}, \"covered_branches\": {taken}, \"missing_branches\": {untaken}, \"percent_branches_covered\": 69.23076923076923, \"percent_branches_covered_display\": \"69\"}}, \"missing_lines\": ",
            executed + missing,
            taken + untaken,
        )?;
        lines(page, &self.missing)?;
        page.extend(b", \"excluded_lines\": [], ");
        if self.start > 0 {
            write!(page, "\"start_line\": {}, ", self.start)?;
        }
        page.extend(b"\"executed_branches\": ");
        arcs(page, &self.taken)?;
        page.extend(b", \"missing_branches\": ");
        arcs(page, &self.untaken)
    }

    fn add(&mut self, other: &Self) {
        self.executed.extend(&other.executed);
        self.missing.extend(&other.missing);
        self.taken.extend(&other.taken);
        self.untaken.extend(&other.untaken);
    }
}

fn coverage_py(
    page: &mut Vec<u8>,
    nth: usize,
    size: usize,
    seeded: &mut Seeded,
    sum: &mut Figures,
) -> io::Result<()> {
    let mut functions = Vec::new();
    let mut whole = Region::default();
    let (mut line, mut bytes) = (1, 0);
    // A function is written three times: by itself, in its class, and in the file.
    while bytes < size {
        let mut region = Region {
            start: line + 1,
            ..Region::default()
        };
        line += 1;
        whole.executed.push(line);
        for _ in 0..5 + seeded.below(25) {
            line += 1 + seeded.below(3) / 2;
            let ran = seeded.below(10) > 0;
            if ran {
                region.executed.push(line);
            } else {
                region.missing.push(line);
            }
            bytes += 18;
            if seeded.below(6) == 0 {
                let from = i64::try_from(line).unwrap_or(0);
                let start = i64::try_from(region.start).unwrap_or(0);
                for to in [
                    from + 1,
                    if seeded.below(4) == 0 {
                        -start
                    } else {
                        from + 4
                    },
                ] {
                    if ran && seeded.below(4) > 0 {
                        region.taken.push((line, to));
                    } else {
                        region.untaken.push((line, to));
                    }
                    bytes += 42;
                }
            }
        }
        bytes += 1250;
        whole.add(&region);
        functions.push(region);
    }
    sum.add(Figures {
        lines: (whole.missing.len(), whole.executed.len()),
        arms: (whole.untaken.len(), whole.taken.len()),
        ..Figures::default()
    });
    if nth > 0 {
        page.extend(b", ");
    }
    write!(page, "\"src/{}.py\": ", module(nth))?;
    whole.write(page)?;
    page.extend(b", \"functions\": {");
    for (idx, region) in functions.iter().enumerate() {
        write!(page, "\"Port{}.handle_{idx}\": ", idx / 6)?;
        region.write(page)?;
        page.extend(b"}, ");
    }
    page.extend(b"\"\": ");
    Region::default().write(page)?;
    page.extend(b"}}, \"classes\": {");
    for (idx, regions) in functions.chunks(6).enumerate() {
        let mut class = Region {
            start: regions[0].start,
            ..Region::default()
        };
        for region in regions {
            class.add(region);
        }
        write!(page, "\"Port{idx}\": ")?;
        class.write(page)?;
        page.extend(b"}, ");
    }
    page.extend(b"\"\": ");
    Region::default().write(page)?;
    page.extend(b"}}}");
    Ok(())
}

fn istanbul(page: &mut Vec<u8>, nth: usize, size: usize, seeded: &mut Seeded) -> io::Result<()> {
    fn range(
        page: &mut Vec<u8>,
        line: usize,
        from: usize,
        lines: usize,
        to: usize,
    ) -> io::Result<()> {
        write!(
            page,
            r#"{{"start":{{"line":{line},"column":{from}}},"end":{{"line":{},"column":{to}}}}}"#,
            line + lines
        )
    }
    let [
        mut statements,
        mut functions,
        mut branches,
        mut s,
        mut f,
        mut b,
    ] = [const { Vec::new() }; 6];
    let (mut n_statements, mut n_functions, mut n_branches, mut line) = (0, 0, 0, 1);
    let comma = |out: &mut Vec<u8>, nth: usize| {
        if nth > 0 {
            out.push(b',');
        }
    };
    while statements.len() + functions.len() + branches.len() + s.len() + b.len() < size {
        line += 2;
        comma(&mut functions, n_functions);
        comma(&mut f, n_functions);
        write!(
            functions,
            r#""{n_functions}":{{"name":"handle{n_functions}","decl":"#
        )?;
        range(&mut functions, line, 9, 0, 15)?;
        functions.extend(br#","loc":"#);
        range(&mut functions, line, 34, 12, 1)?;
        write!(functions, r#","line":{line}}}"#)?;
        write!(f, r#""{n_functions}":{}"#, seeded.hits())?;
        n_functions += 1;
        for _ in 0..5 + seeded.below(20) {
            line += 1 + seeded.below(3) / 2;
            let hits = seeded.hits();
            let indent = 4 + seeded.below(4) * 4;
            comma(&mut statements, n_statements);
            comma(&mut s, n_statements);
            write!(statements, r#""{n_statements}":"#)?;
            range(
                &mut statements,
                line,
                indent,
                0,
                indent + 12 + seeded.below(60),
            )?;
            write!(s, r#""{n_statements}":{hits}"#)?;
            n_statements += 1;
            if seeded.below(5) == 0 {
                comma(&mut branches, n_branches);
                comma(&mut b, n_branches);
                let kind = ["if", "cond-expr", "binary-expr"][seeded.below(3)];
                write!(branches, r#""{n_branches}":{{"loc":"#)?;
                range(&mut branches, line, indent, 2, indent + 1)?;
                write!(branches, r#","type":"{kind}","locations":["#)?;
                range(&mut branches, line, indent, 2, indent + 1)?;
                branches.push(b',');
                if kind == "if" && seeded.below(2) == 0 {
                    branches.extend(br#"{"start":{},"end":{}}"#);
                } else {
                    range(&mut branches, line + 1, indent + 9, 1, indent + 20)?;
                }
                write!(branches, r#"],"line":{line}}}"#)?;
                let (yes, no) = if hits == 0 {
                    (0, 0)
                } else {
                    (seeded.hits(), seeded.hits())
                };
                write!(b, r#""{n_branches}":[{yes},{no}]"#)?;
                n_branches += 1;
            }
        }
    }
    let path = format!("/home/ci/project/harbour/src/{}.js", module(nth));
    if nth > 0 {
        page.extend(b"\n,");
    }
    write!(page, r#""{path}": {{"path":"{path}","statementMap":{{"#)?;
    page.extend(statements);
    page.extend(br#"},"fnMap":{"#);
    page.extend(functions);
    page.extend(br#"},"branchMap":{"#);
    page.extend(branches);
    page.extend(br#"},"s":{"#);
    page.extend(s);
    page.extend(br#"},"f":{"#);
    page.extend(f);
    page.extend(br#"},"b":{"#);
    page.extend(b);
    page.extend(br#"},"_coverageSchema":"1a1c01bbd47fc00a2c39e90264f33305004495a9","hash":"63db3612b518d079f0ee9935e85f48ad3b12f3de"}"#);
    Ok(())
}

fn jacoco(
    page: &mut Vec<u8>,
    nth: usize,
    size: usize,
    seeded: &mut Seeded,
    sum: &mut Figures,
) -> io::Result<()> {
    // A package for every ten files.
    let package = format!("com/acme/{}", module(nth / 10).replace('_', "/p"));
    if nth.is_multiple_of(10) {
        if nth > 0 {
            page.extend(b"</package>");
        }
        write!(page, r#"<package name="{package}">"#)?;
    }
    let class = format!("Harbour{nth}");
    write!(
        page,
        r#"<class name="{package}/{class}" sourcefilename="{class}.java">"#
    )?;
    let (mut lines, mut whole) = (Vec::new(), Figures::default());
    let (mut line, mut n_methods) = (10, 0);
    while page.len() + lines.len() < size {
        line += 3;
        write!(
            page,
            r#"<method name="handle{n_methods}" desc="(Ljava/lang/String;I)V" line="{line}">"#
        )?;
        let mut method = Figures::default();
        for _ in 0..4 + seeded.below(16) {
            let ran = seeded.below(10) > 0;
            let instructions = 2 + seeded.below(14);
            let (mi, ci) = if ran {
                (0, instructions)
            } else {
                (instructions, 0)
            };
            let (mut mb, mut cb) = (0, 0);
            if seeded.below(5) == 0 {
                let arms = 2 + 2 * (seeded.below(5) / 4);
                cb = if ran { 1 + seeded.below(arms) } else { 0 };
                mb = arms - cb;
            }
            write!(
                lines,
                r#"<line nr="{line}" mi="{mi}" ci="{ci}" mb="{mb}" cb="{cb}"/>"#
            )?;
            method.add(Figures {
                instructions: (mi, ci),
                arms: (mb, cb),
                lines: (usize::from(!ran), usize::from(ran)),
                methods: (0, 0),
            });
            line += 1 + seeded.below(3) / 2;
        }
        let called = method.instructions.1 > 0;
        method.methods = (usize::from(!called), usize::from(called));
        method.write(page, false)?;
        page.extend(b"</method>");
        whole.add(method);
        n_methods += 1;
    }
    whole.write(page, true)?;
    write!(page, r#"</class><sourcefile name="{class}.java">"#)?;
    page.extend(lines);
    whole.write(page, true)?;
    sum.add(whole);
    page.extend(b"</sourcefile>");
    if nth + 1 == Shape::JacocoXml.n_files() {
        page.extend(b"</package>");
    }
    Ok(())
}
