//! `untaken doctor`: what is there, what is not, and what to do about it. It always answers, also where the
//! settings cannot be read: that is one of the things to be told.

use std::fmt::Write as _;

use serde::Serialize;

use super::paint::Style;
use super::{Answer, DONE, json, table};
use crate::cli::{DoctorArgs, DoctorFormat, Everywhere};
use crate::coverage::ReportInfo;
use crate::harmless;
use crate::runtime::checkup::{self, Check, CheckState, ReportSeen};
use crate::runtime::project::Tests;
use crate::runtime::reports::{Reader, Sources};
use crate::settings::{self, InForce, Origin, Settings, SettingsError, Surroundings};

/// All that was found.
#[derive(Serialize)]
struct Findings {
    version: u32,
    untaken: &'static str,
    checks: Vec<Checked>,
    reports: Vec<Report>,
    settings: Vec<Setting>,
}

#[derive(Serialize)]
struct Checked {
    name: &'static str,
    /// `ok`, `note`, `wrong`, `unknown`.
    state: &'static str,
    says: String,
    todo: Option<String>,
}

#[derive(Serialize)]
struct Report {
    path: String,
    format: &'static str,
    tool: Option<String>,
    age_seconds: Option<u64>,
}

#[derive(Serialize)]
struct Setting {
    key: String,
    value: Option<String>,
    /// `flag`, `file`, `default`, `found`.
    origin: &'static str,
    /// `--root`, `untaken.toml`, or how it was found out.
    from: Option<String>,
    line: Option<usize>,
}

/// # Errors
/// When there is no such root: then there is nothing to look at.
pub(super) fn run(
    args: &DoctorArgs,
    flags: &Everywhere,
    around: &Surroundings,
    style: Style,
) -> Result<Answer, SettingsError> {
    let (settings, told) = match Settings::load(flags, &[], around) {
        Ok(settings) => {
            let told = settings::in_force(&settings, flags, around)
                .map(|in_force| (told(&settings), in_force));
            (settings, told)
        }
        Err(error @ (SettingsError::Unreadable { .. } | SettingsError::Invalid { .. })) => {
            (Settings::without_files(flags, around)?, Err(error))
        }
        Err(error) => return Err(error),
    };
    let mut checks = Vec::new();
    let in_force = match told {
        Ok((check, in_force)) => {
            checks.push(check);
            in_force
        }
        Err(error) => {
            checks.push(Check::wrong(
                "settings",
                format!("{error}; what follows holds for the defaults"),
                "mend that line, or take it out; untaken init settings shows what there is",
            ));
            Vec::new()
        }
    };
    let (check, reports) = checkup::reports(&settings);
    checks.push(check);
    let infos = infos(&settings);
    checks.push(checkup::test_command(&settings, &infos));
    checks.push(checkup::git(&settings.root));
    checks.extend(checkup::agent(&settings));
    checks.extend(checkup::terminal(&settings));
    let findings = Findings {
        version: 1,
        untaken: env!("CARGO_PKG_VERSION"),
        checks: checks.into_iter().map(Checked::from).collect(),
        reports: reports.into_iter().map(Report::from).collect(),
        settings: settings_of(&settings, &infos, in_force),
    };
    Ok(Answer {
        stdout: match args.format {
            DoctorFormat::Text => text(&findings, style),
            DoctorFormat::Json => json::encode(&findings),
        },
        status: DONE,
    })
}

/// The reports that a test command which is found out would write.
fn infos(settings: &Settings) -> Vec<ReportInfo> {
    Reader::new(settings)
        .load(Sources::OnlyIfShared)
        .map(|coverage| coverage.reports)
        .unwrap_or_default()
}

fn told(settings: &Settings) -> Check {
    match &settings.config {
        Some(path) => Check::ok("settings", format!("{} was read", path.display())),
        None => Check::ok("settings", "no settings file; everything is found out"),
    }
}

const OWN_FILES: &str = "the project's own files";

/// As it would be written in a settings file.
fn one(text: Option<&str>) -> Option<String> {
    Some(toml::Value::from(text?).to_string())
}

fn several<T: AsRef<str>>(texts: &[T]) -> Option<String> {
    let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
    (!texts.is_empty()).then(|| toml::Value::from(texts).to_string())
}

/// The settings with what was found out put where they are silent.
fn settings_of(settings: &Settings, infos: &[ReportInfo], in_force: Vec<InForce>) -> Vec<Setting> {
    let tests = Tests::of(settings, infos);
    in_force
        .into_iter()
        .map(|mut setting| {
            if setting.value.is_none() {
                let (found, how) = match setting.key.as_str() {
                    "tests.command" => (one(tests.command.as_deref()), OWN_FILES),
                    "tests.file_command" => (one(tests.file_template()), OWN_FILES),
                    "tests.paths" => (several(tests.found_paths()), OWN_FILES),
                    "reports.paths" => {
                        let paths: Vec<&str> = infos.iter().map(|it| it.path.as_str()).collect();
                        (several(&paths), "the usual places")
                    }
                    _ => (None, ""),
                };
                if found.is_some() {
                    setting.value = found;
                    setting.origin = Origin::FoundOut(how);
                }
            }
            let (origin, from, line) = match setting.origin {
                Origin::Flag(flag) => ("flag", Some(flag.to_owned()), None),
                Origin::File { path, line } => {
                    let path = path.strip_prefix(&settings.root).unwrap_or(&path);
                    ("file", Some(path.display().to_string()), Some(line))
                }
                Origin::Default => ("default", None, None),
                Origin::FoundOut(how) => ("found", Some(how.to_owned()), None),
            };
            Setting {
                key: setting.key,
                value: setting.value,
                origin,
                from,
                line,
            }
        })
        .collect()
}

impl From<Check> for Checked {
    fn from(check: Check) -> Self {
        Self {
            name: check.name,
            state: check.state.name(),
            says: check.says,
            todo: check.todo,
        }
    }
}

impl From<ReportSeen> for Report {
    fn from(report: ReportSeen) -> Self {
        Self {
            path: report.path,
            format: report.format,
            tool: report.tool,
            age_seconds: report.age,
        }
    }
}

/// A line for each thing, what to do about it under it, then the reports and the settings.
fn text(findings: &Findings, style: Style) -> String {
    let mut out = String::new();
    let name_width = table::widest(findings.checks.iter().map(|check| check.name));
    for check in &findings.checks {
        let state = if check.state == CheckState::Ok.name() {
            style.good("ok     ")
        } else if check.state == CheckState::Wrong.name() {
            style.bad("wrong  ")
        } else {
            style.strong(&table::left(check.state, 7))
        };
        let _ = writeln!(
            out,
            "{state} {}  {}",
            table::left(check.name, name_width),
            harmless::line(&check.says)
        );
        if let Some(todo) = &check.todo {
            let _ = writeln!(
                out,
                "{:width$}  → {}",
                "",
                harmless::line(todo),
                width = 8 + name_width
            );
        }
    }
    if !findings.reports.is_empty() {
        let _ = writeln!(out, "\n{}", style.strong("reports"));
        for report in &findings.reports {
            let _ = writeln!(
                out,
                "  {}  {}  {}",
                harmless::line(&report.path),
                harmless::line(report.tool.as_deref().unwrap_or(report.format)),
                style.quiet(&report.age_seconds.map_or_else(
                    || "its time lies in the future".to_owned(),
                    |seconds| format!("written {} ago", age(seconds))
                ))
            );
        }
    }
    if !findings.settings.is_empty() {
        let _ = writeln!(out, "\n{}", style.strong("settings"));
        let key_width = table::widest(findings.settings.iter().map(|it| it.key.as_str()));
        for setting in &findings.settings {
            let value = setting.value.as_deref().unwrap_or("not set");
            let from = match (setting.origin, &setting.from, setting.line) {
                (_, Some(from), Some(line)) => format!("{from}:{line}"),
                ("found", Some(from), _) => format!("found out: {from}"),
                (_, Some(from), _) => from.clone(),
                // Nothing is set and nothing stands in its place: the tools behind it decide.
                _ if setting.value.is_none() => String::new(),
                _ => "default".to_owned(),
            };
            let line = format!(
                "  {}  {}  {}",
                table::left(&harmless::line(&setting.key), key_width),
                harmless::line(value),
                style.quiet(&harmless::line(&from))
            );
            let _ = writeln!(out, "{}", line.trim_end());
        }
    }
    out
}

/// `42 s`, `17 min`, `5 h`, `12 days`.
fn age(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::age;

    #[test]
    fn ages_are_as_coarse_as_people_say_them() {
        assert_eq!(age(0), "0 s");
        assert_eq!(age(119), "119 s");
        assert_eq!(age(120), "2 min");
        assert_eq!(age(7_199), "119 min");
        assert_eq!(age(7_200), "2 h");
        assert_eq!(age(172_800), "2 days");
    }
}
