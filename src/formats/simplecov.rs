//! `SimpleCov`: `.resultset.json` (each suite with its raw counts) and the JSON of its formatter.
//!
//! A result set names a decision and its arms as Ruby would print them:
//! `"[:if, 0, 4, 4, 7, 7]": {"[:then, 1, 4, 6, 4, 16]": 1, "[:else, 2, 6, 6, 6, 18]": 0}`, that is
//! kind, number, line, column, end line, end column; lines 1-based, columns 0-based in bytes. An `else`
//! that nobody wrote has the place of its whole `if`. Suites are added up. What `# :nocov:` hides is
//! hidden only when `SimpleCov` formats a result, so a result set still counts it.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::json::{self, Count, Text};
use super::oddities::Oddities;
use super::{ParseError, text, xml};
use crate::coverage::{
    ColumnUnit, Construct, FileBuilder, FileCoverage, Format, Hits, Line, Outcome, Position,
    Report, Span, Totals,
};

pub(super) fn parse(text: &[u8]) -> Result<Report, ParseError> {
    let root = json::read(text, PhantomData::<Root<'_>>)?;
    Ok(root.report())
}

/// The outermost object: suites by name, or the formatter's `meta` and `coverage`.
#[derive(Default)]
struct Root<'a> {
    version: Option<Text<'a>>,
    suites: Vec<Files<'a>>,
}

/// Files by path, in the order of the report.
#[derive(Default)]
struct Files<'a>(Vec<(Text<'a>, FileEntry<'a>)>);

/// What is known of a file.
#[derive(Default)]
struct FileEntry<'a> {
    /// `None` where lines were not measured, or not asked for.
    lines: Option<Vec<Entry>>,
    branches: Option<Branches<'a>>,
    methods: Option<Vec<(Text<'a>, Count)>>,
}

/// A count; `None` for `null` and `"ignored"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry(Option<u64>);

enum Branches<'a> {
    /// Of a result set.
    Keyed(Vec<(Text<'a>, Vec<(Text<'a>, Count)>)>),
    /// Of the formatter: arms one after the other.
    Flat(Vec<FlatArm<'a>>),
}

#[derive(Deserialize)]
struct FlatArm<'a> {
    #[serde(rename = "type", borrow)]
    kind: Text<'a>,
    start_line: Count,
    coverage: Entry,
    report_line: Option<Count>,
}

/// One file, all suites together.
#[derive(Default)]
struct Sum<'a> {
    lines: Vec<Option<u64>>,
    branches: BTreeMap<Place, BTreeMap<Place, u64>>,
    flat: Vec<FlatArm<'a>>,
    methods: BTreeMap<(u32, String), u64>,
    has_lines: bool,
    has_branches: bool,
    has_methods: bool,
}

/// A key of a result set, ordered by its number, which is the order of the text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    number: u64,
    kind: String,
    start: (u32, u32),
    end: (u32, u32),
}

impl<'a> Root<'a> {
    fn report(self) -> Report {
        let mut oddities = Oddities::default();
        let mut order: Vec<Text<'a>> = Vec::new();
        let mut sums: FxHashMap<Text<'a>, Sum<'a>> = FxHashMap::default();
        for Files(files) in self.suites {
            for (path, entry) in files {
                if !sums.contains_key(&path) {
                    order.push(path.clone());
                }
                let sum = sums.entry(path.clone()).or_default();
                sum.add(entry, path.as_str(), &mut oddities);
            }
        }
        let has_branches = sums.values().any(|sum| sum.has_branches);
        let has_methods = sums.values().any(|sum| sum.has_methods);
        let mut totals = Totals::default();
        let mut files = Vec::with_capacity(order.len());
        for path in order {
            let Some(sum) = sums.remove(&path) else {
                continue;
            };
            let has_lines = sum.has_lines;
            let file = sum.builder(path.as_str()).finish();
            let detail = file.counted();
            let figures = Totals {
                branches: detail.branches.filter(|_| has_branches),
                lines: detail.lines.filter(|_| has_lines),
                functions: detail.functions.filter(|_| has_methods),
                statements: None,
            };
            totals = totals.plus(figures);
            files.push(file.with_totals(figures));
        }
        if !has_branches && !files.is_empty() {
            oddities.note("reports without branches", || {
                "no branch data in this report; SimpleCov measures it with `enable_coverage :branch`"
                    .to_owned()
            });
        }
        Report {
            format: Format::SimpleCov,
            tool: self
                .version
                .map(|version| format!("SimpleCov {}", version.as_str())),
            totals,
            files,
            source_roots: Vec::new(),
            warnings: oddities.finish(),
        }
    }
}

impl<'a> Sum<'a> {
    fn add(&mut self, entry: FileEntry<'a>, path: &str, oddities: &mut Oddities) {
        if let Some(lines) = entry.lines {
            let mut lines: Vec<_> = lines.into_iter().map(|Entry(hits)| hits).collect();
            if self.has_lines {
                let longest = lines.len().max(self.lines.len());
                lines.resize(longest, None);
                self.lines.resize(longest, None);
                for (line, before) in lines.iter_mut().zip(&self.lines) {
                    *line = added(*before, *line);
                }
            }
            self.has_lines = true;
            self.lines = lines;
        }
        match entry.branches {
            None => {}
            Some(Branches::Flat(arms)) => {
                self.has_branches = true;
                self.flat.extend(arms);
            }
            Some(Branches::Keyed(branches)) => {
                self.has_branches = true;
                for (key, arms) in branches {
                    let Some(place) = Place::of(key.as_str()) else {
                        odd_key(key.as_str(), path, oddities);
                        continue;
                    };
                    let branch = self.branches.entry(place).or_default();
                    for (key, count) in arms {
                        let Some(place) = Place::of(key.as_str()) else {
                            odd_key(key.as_str(), path, oddities);
                            continue;
                        };
                        let sum = branch.entry(place).or_default();
                        *sum = sum.saturating_add(count.n);
                    }
                }
            }
        }
        if let Some(methods) = entry.methods {
            self.has_methods = true;
            for (key, count) in methods {
                let Some(method) = method(key.as_str()) else {
                    odd_key(key.as_str(), path, oddities);
                    continue;
                };
                let sum = self.methods.entry(method).or_default();
                *sum = sum.saturating_add(count.n);
            }
        }
    }

    fn builder(self, path: &str) -> FileBuilder {
        let mut builder = FileCoverage::builder(path);
        builder.column_unit(ColumnUnit::Byte);
        for (idx, hits) in self.lines.iter().enumerate() {
            if let Some(hits) = hits {
                builder.line(Line::from_index(idx), Hits::times(*hits));
            }
        }
        for (decision, arms) in &self.branches {
            decision.tell(arms, &mut builder);
        }
        tell_flat(&self.flat, &mut builder);
        for ((line, name), count) in &self.methods {
            if let Some(line) = Line::new(*line) {
                builder.function(name, Span::line(line), Hits::times(*count));
            }
        }
        builder
    }
}

/// `SimpleCov`'s own rule: where the suites disagree whether a line is code, it is when it ran.
fn added(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.saturating_add(b)),
        (a, b) => a.or(b).filter(|&hits| hits > 0),
    }
}

fn odd_key(key: &str, path: &str, oddities: &mut Oddities) {
    oddities.note("names that cannot be read", || {
        format!(
            "{}: {} names no decision and is left out",
            text::quote_name(path),
            text::quote_name(key)
        )
    });
}

impl Place {
    /// `[:if, 0, 4, 4, 7, 7]`.
    fn of(key: &str) -> Option<Self> {
        let list = key.trim().strip_prefix('[')?.strip_suffix(']')?;
        // `:"&."` has no comma in it, nor has any other kind.
        let mut parts = list.split(',').map(str::trim);
        let kind = parts.next()?.trim_start_matches(':').trim_matches('"');
        let mut numbers = parts.map(xml::number);
        let mut next = || numbers.next().flatten();
        let number = next()?;
        let mut next = || u32::try_from(next()?).ok();
        Some(Self {
            number,
            kind: kind.to_owned(),
            start: (next()?, next()?),
            end: (next()?, next()?),
        })
    }

    fn span(&self) -> Option<Span> {
        let position = |(line, column)| Some(Position::new(Line::new(line)?, column));
        Some(Span {
            start: position(self.start)?,
            end: position(self.end)?,
        })
    }

    fn tell(&self, arms: &BTreeMap<Self, u64>, builder: &mut FileBuilder) {
        let Some(span) = self.span() else {
            return;
        };
        builder.branch(span, self.construct());
        for (arm, count) in arms {
            builder.arm(self.outcome(arm), Hits::times(*count));
        }
    }

    fn construct(&self) -> Construct {
        match self.kind.as_str() {
            "if" | "unless" => Construct::If,
            "case" => Construct::Switch,
            "while" | "until" => Construct::Loop,
            _ => Construct::Unknown,
        }
    }

    /// Where an arm goes. `unless` runs its `then` when the condition does not hold.
    fn outcome(&self, arm: &Self) -> Outcome<'static> {
        match (self.kind.as_str(), arm.kind.as_str()) {
            ("if", "then") | ("unless", "else") => Outcome::True,
            ("if", "else") | ("unless", "then") => Outcome::False,
            (_, "else") if (arm.start, arm.end) == (self.start, self.end) => Outcome::ImplicitElse,
            _ => arm
                .span()
                .map_or(Outcome::Nth, |span| Outcome::At(span.start)),
        }
    }
}

/// The formatter's arms: neighbours that are told at one line are one decision.
fn tell_flat(arms: &[FlatArm<'_>], builder: &mut FileBuilder) {
    let told_at = |arm: &FlatArm<'_>| {
        let line = arm.report_line.unwrap_or(arm.start_line);
        u32::try_from(line.n).ok().and_then(Line::new)
    };
    for arms in arms.chunk_by(|a, b| told_at(a) == told_at(b)) {
        let Some(line) = arms.first().and_then(told_at) else {
            continue;
        };
        let counted = arms.iter().filter_map(|arm| Some((arm, arm.coverage.0?)));
        let mut is_begun = false;
        for (arm, count) in counted {
            if !is_begun {
                builder.branch(Span::line(line), Construct::Unknown);
                is_begun = true;
            }
            let start = u32::try_from(arm.start_line.n).ok().and_then(Line::new);
            let outcome = match (arm.kind.as_str(), start) {
                ("else", Some(start)) if start == line => Outcome::Text("else"),
                (_, Some(start)) => Outcome::At(Position::line(start)),
                (_, None) => Outcome::Nth,
            };
            builder.arm(outcome, Hits::times(count));
        }
    }
}

/// `["Calc", :div, 3, 2, 8, 5]`: the line and `Calc#div`.
fn method(key: &str) -> Option<(u32, String)> {
    let list = key.trim().strip_prefix('[')?.strip_suffix(']')?;
    // The name of a class may hold commas (`#<Class:0x1, 2>`); the four numbers and the name do not.
    let mut parts = list.rsplitn(6, ',').map(str::trim);
    let line = parts.nth(3)?.parse().ok()?;
    let name = parts.next()?.trim_start_matches(':').trim_matches('"');
    let class = parts.next()?.trim_matches('"');
    Some((line, format!("{class}#{name}")))
}

#[derive(Deserialize)]
struct Meta<'a> {
    #[serde(borrow)]
    simplecov_version: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Suite<'a> {
    #[serde(borrow, default)]
    coverage: Files<'a>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Root<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Outermost;
        impl<'de> Visitor<'de> for Outermost {
            type Value = Root<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of suites")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Root<'de>, A::Error> {
                let mut root = Root::default();
                while let Some(key) = map.next_key::<Text<'de>>()? {
                    match key.as_str() {
                        "meta" => {
                            root.version = map.next_value::<Meta<'de>>()?.simplecov_version;
                        }
                        "coverage" => root.suites.push(map.next_value()?),
                        "groups" | "total" | "errors" | "$schema" => {
                            map.next_value::<IgnoredAny>()?;
                        }
                        _ => root.suites.push(map.next_value::<Suite<'de>>()?.coverage),
                    }
                }
                Ok(root)
            }
        }
        deserializer.deserialize_map(Outermost)
    }
}

/// An object as pairs, in its own order, keys given twice included.
fn pairs<'de, A: MapAccess<'de>, T: Deserialize<'de>>(
    mut map: A,
) -> Result<Vec<(Text<'de>, T)>, A::Error> {
    let mut pairs = Vec::new();
    while let Some(pair) = map.next_entry()? {
        pairs.push(pair);
    }
    Ok(pairs)
}

/// The same for a value inside another one.
struct Pairs<'de, T>(Vec<(Text<'de>, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Pairs<'de, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
            type Value = Pairs<'de, T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Ok(Pairs(pairs(map)?))
            }
        }
        deserializer.deserialize_map(Object(PhantomData))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Files<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Pairs::deserialize(deserializer).map(|Pairs(files)| Self(files))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for FileEntry<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = FileEntry<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the lines of a file, or an object that has them")
            }
            // Before SimpleCov 0.18 a file was the list of its lines.
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut lines = Vec::new();
                while let Some(line) = seq.next_element()? {
                    lines.push(line);
                }
                Ok(FileEntry {
                    lines: Some(lines),
                    ..FileEntry::default()
                })
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entry = FileEntry::default();
                while let Some(key) = map.next_key::<Text<'de>>()? {
                    match key.as_str() {
                        "lines" => entry.lines = map.next_value()?,
                        "branches" => entry.branches = map.next_value()?,
                        "methods" => {
                            let methods: Option<Methods<'de>> = map.next_value()?;
                            entry.methods = methods.and_then(|methods| methods.0);
                        }
                        _ => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(entry)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// Methods of a result set; the formatter's list of them repeats what the lines say.
struct Methods<'de>(Option<Vec<(Text<'de>, Count)>>);

impl<'de: 'a, 'a> Deserialize<'de> for Methods<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Methods<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of methods")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                Ok(Methods(Some(pairs(map)?)))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Methods(None))
            }
        }
        deserializer.deserialize_any(Object)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Branches<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Branches<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object or a list of branches")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                let branches = pairs::<A, Pairs<'de, Count>>(map)?;
                let keyed = branches.into_iter().map(|(key, Pairs(arms))| (key, arms));
                Ok(Branches::Keyed(keyed.collect()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut arms = Vec::new();
                while let Some(arm) = seq.next_element()? {
                    arms.push(arm);
                }
                Ok(Branches::Flat(arms))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Entry;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a count, null or \"ignored\"")
            }
            fn visit_unit<E: de::Error>(self) -> Result<Entry, E> {
                Ok(Entry(None))
            }
            fn visit_str<E: de::Error>(self, _: &str) -> Result<Entry, E> {
                Ok(Entry(None))
            }
            fn visit_u64<E>(self, n: u64) -> Result<Entry, E> {
                Ok(Entry(Some(n)))
            }
            fn visit_i64<E>(self, n: i64) -> Result<Entry, E> {
                Ok(Entry(Some(u64::try_from(n).unwrap_or(0))))
            }
            // Past `u64`.
            fn visit_f64<E>(self, n: f64) -> Result<Entry, E> {
                Ok(Entry(Some(if n >= 1.0 { u64::MAX } else { 0 })))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}
