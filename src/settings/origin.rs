//! Where each setting comes from: a flag, a line of a file, or nothing at all.
//!
//! For people who ask why the program does what it does. Nothing is decided here; the files are read a
//! second time, so that the reading itself stays plain.

use std::path::{Path, PathBuf};

use super::{
    Approval, Sandbox, Settings, SettingsError, Surroundings, Theme, file, is_work_tree, keys,
};
use crate::cli::Everywhere;

/// One setting in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    /// `tests.command`; `--root` and `--log` for what only flags set.
    pub key: String,
    /// As it would be written in a settings file; `None` where nothing is set, and there is no default.
    pub value: Option<String>,
    pub origin: Origin,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Flag(&'static str),
    File {
        path: PathBuf,
        /// 1-based.
        line: usize,
    },
    Default,
    /// Found out from the surroundings, in the way that this says.
    FoundOut(&'static str),
}

/// Every setting with its value and its origin, in the order of the documentation.
///
/// # Errors
/// When a settings file cannot be read (again).
pub fn in_force(
    settings: &Settings,
    flags: &Everywhere,
    around: &Surroundings,
) -> Result<Vec<InForce>, SettingsError> {
    let project = settings
        .config
        .as_deref()
        .map(|path| Ok((path, file::places(path)?)))
        .transpose()?;
    let user = user_file(around);
    let user = user
        .as_deref()
        .map(|path| Ok((path, file::places(path)?)))
        .transpose()?;
    let origin = |key: &str| {
        [&project, &user]
            .into_iter()
            .flatten()
            .find_map(|(path, places)| {
                Some(Origin::File {
                    path: path.to_path_buf(),
                    line: *places.get(key)?,
                })
            })
            .unwrap_or(Origin::Default)
    };
    let mut found = vec![root(settings, flags), config(settings, flags)];
    for key in keys::all() {
        found.push(InForce {
            origin: origin(&key),
            value: value(settings, &key),
            key,
        });
    }
    for (action, key) in &settings.keys {
        let name = format!("{}.{action}", keys::OPEN_SECTION);
        found.push(InForce {
            origin: origin(&name),
            value: Some(quoted(key)),
            key: name,
        });
    }
    if let Some(log) = &settings.log {
        found.push(InForce {
            key: "--log".to_owned(),
            value: Some(quoted(&log.display().to_string())),
            origin: Origin::Flag("--log"),
        });
    }
    Ok(found)
}

/// The settings file of the person, if there is one.
pub(super) fn user_file(around: &Surroundings) -> Option<PathBuf> {
    around
        .user_config
        .as_ref()
        .map(|folder| folder.join("untaken").join("config.toml"))
        .filter(|path| path.is_file())
}

fn root(settings: &Settings, flags: &Everywhere) -> InForce {
    InForce {
        key: "--root".to_owned(),
        value: Some(quoted(&settings.root.display().to_string())),
        origin: if flags.root.is_some() {
            Origin::Flag("--root")
        } else if is_work_tree(&settings.root) {
            Origin::FoundOut("the top of the git work tree")
        } else {
            Origin::FoundOut("the current folder")
        },
    }
}

fn config(settings: &Settings, flags: &Everywhere) -> InForce {
    InForce {
        key: "--config".to_owned(),
        value: settings
            .config
            .as_deref()
            .map(|path| quoted(&relative(path, &settings.root))),
        origin: match (&flags.config, &settings.config) {
            (Some(_), _) => Origin::Flag("--config"),
            (None, Some(_)) => Origin::FoundOut("at the root"),
            (None, None) => Origin::FoundOut("no untaken.toml at the root"),
        },
    }
}

fn relative(path: &Path, root: &Path) -> String {
    path.strip_prefix(root)
        .unwrap_or(path)
        .display()
        .to_string()
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn list(texts: impl IntoIterator<Item = String>) -> String {
    toml::Value::from(texts.into_iter().collect::<Vec<_>>()).to_string()
}

/// The value of a key as it would be written.
fn value(settings: &Settings, key: &str) -> Option<String> {
    let Settings {
        root,
        reports,
        tests,
        target,
        agent,
        ui,
        keys: _,
        log: _,
        config: _,
        state: _,
        diff: _,
        banner: _,
    } = settings;
    let text = |text: &Option<String>| text.as_deref().map(quoted);
    Some(match key {
        "reports.paths" if reports.named.is_empty() => return None,
        "reports.paths" => list(reports.named.iter().map(|path| relative(path, root))),
        "reports.strip" if reports.strip.is_empty() => return None,
        "reports.strip" => list(reports.strip.clone()),
        "reports.prefix" if reports.prefix.is_empty() => return None,
        "reports.prefix" => quoted(&reports.prefix),
        "tests.command" => return text(&tests.command),
        "tests.file_command" => return text(&tests.file_command),
        "tests.paths" => return tests.paths.clone().map(list),
        "tests.generated" => return text(&tests.generated),
        "tests.repeat" => tests.repeat.to_string(),
        "tests.timeout" => tests.timeout.as_secs().to_string(),
        "tests.sandbox" => tests.sandbox.to_string(),
        "target.branches" => return target.map(|percent| percent.to_string()),
        "agent.command" => quoted(&agent.command),
        "agent.sandbox" => quoted(match agent.sandbox {
            Sandbox::ReadOnly => "read-only",
            Sandbox::WorkspaceWrite => "workspace-write",
            Sandbox::DangerFullAccess => "danger-full-access",
        }),
        "agent.approval" => quoted(match agent.approval {
            Approval::OnRequest => "on-request",
            Approval::Untrusted => "untrusted",
            Approval::Never => "never",
        }),
        "agent.rounds" => agent.rounds.to_string(),
        "agent.max_files" => agent.max_files.to_string(),
        "agent.max_tokens" => agent.max_tokens.to_string(),
        "agent.model" => return text(&agent.model),
        "agent.effort" => return text(&agent.effort),
        "agent.models.authoring" => return text(&agent.models.authoring),
        "agent.models.authoring_complex" => return text(&agent.models.authoring_complex),
        "agent.models.verification" => return text(&agent.models.verification),
        "agent.efforts.authoring" => return text(&agent.efforts.authoring),
        "agent.efforts.authoring_complex" => return text(&agent.efforts.authoring_complex),
        "agent.efforts.verification" => return text(&agent.efforts.verification),
        "ui.theme" => quoted(match ui.theme {
            Theme::Auto => "auto",
            Theme::Dark => "dark",
            Theme::Light => "light",
            Theme::Ansi => "ansi",
            Theme::ColourBlind => "colour-blind",
        }),
        "ui.mouse" => ui.mouse.to_string(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::FILE_NAME;
    use super::*;

    /// Every key in a file, its value as the documentation writes it: none of them is forgotten above.
    #[test]
    fn every_key_has_a_value_and_a_line() {
        let text = "\
[reports]
paths = [\"a.json\"]
strip = [\"/ci/\"]
prefix = \"x\"
[tests]
command = \"make\"
file_command = \"make {files}\"
paths = [\"t/\"]
generated = \"t/new\"
repeat = 2
timeout = 60
sandbox = false
[target]
branches = 70
[agent]
command = \"c\"
sandbox = \"read-only\"
approval = \"never\"
rounds = 1
max_files = 2
max_tokens = 3
model = \"m\"
effort = \"low\"
[agent.models]
authoring = \"a\"
authoring_complex = \"b\"
verification = \"v\"
[agent.efforts]
authoring = \"low\"
authoring_complex = \"high\"
verification = \"xhigh\"
[ui]
theme = \"light\"
mouse = false
[keys]
next-gap = \"]\"
";
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE_NAME), text).unwrap();
        let around = Surroundings {
            current_dir: folder.path().to_owned(),
            user_config: None,
        };
        let settings = Settings::load(&Everywhere::default(), &[], &around).unwrap();
        let found = in_force(&settings, &Everywhere::default(), &around).unwrap();
        for setting in found.iter().skip(2) {
            assert!(setting.value.is_some(), "{setting:?}");
            let Origin::File { line, .. } = &setting.origin else {
                panic!("{setting:?}");
            };
            let written = text.lines().nth(line - 1).unwrap();
            let name = setting.key.rsplit('.').next().unwrap();
            assert!(written.starts_with(name), "{setting:?}: {written}");
        }
        assert!(found.len() > 24);
    }

    #[test]
    fn the_project_comes_before_the_person_and_a_flag_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let project = folder.path().join("project");
        fs::create_dir_all(project.join("x")).unwrap();
        fs::create_dir_all(folder.path().join("config/untaken")).unwrap();
        let user = folder.path().join("config/untaken/config.toml");
        fs::write(&user, "[agent]\nmodel = \"mine\"\neffort = \"low\"\n").unwrap();
        fs::write(project.join(FILE_NAME), "[agent]\nmodel = \"ours\"\n").unwrap();
        let around = Surroundings {
            current_dir: project,
            user_config: Some(folder.path().join("config")),
        };
        let flags = Everywhere {
            root: Some(PathBuf::from(".")),
            ..Everywhere::default()
        };
        let settings = Settings::load(&flags, &[], &around).unwrap();
        let found = in_force(&settings, &flags, &around).unwrap();
        let of = |key: &str| found.iter().find(|it| it.key == key).unwrap();
        assert_eq!(of("--root").origin, Origin::Flag("--root"));
        assert_eq!(of("agent.model").value.as_deref(), Some("\"ours\""));
        assert!(
            matches!(&of("agent.model").origin, Origin::File { line: 2, path } if path.ends_with(FILE_NAME))
        );
        assert_eq!(
            of("agent.effort").origin,
            Origin::File {
                path: user,
                line: 3
            }
        );
        assert_eq!(of("tests.repeat").origin, Origin::Default);
        assert_eq!(of("tests.repeat").value.as_deref(), Some("3"));
        assert_eq!(of("tests.command").value, None);
    }
}
