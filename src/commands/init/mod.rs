//! `untaken init`: settings, standards, a Codex skill and a CI workflow for a project, each on request and
//! never before it was shown. Running it twice changes nothing; what a person wrote or changed is left alone.

mod part;
mod section;
mod setup;
mod stamp;

use std::fs;
use std::io::{self, BufRead, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use clap::ValueEnum as _;

use self::part::{Facts, Fate};
use super::{Answer, DONE, Failure};
use crate::cli::{InitArgs, InitPart};
use crate::harmless;
use crate::runtime::project;
use crate::settings::Settings;

/// One part, and what would become of it.
struct Planned {
    part: InitPart,
    /// Asked for by name, or by asking for none.
    wanted: bool,
    fate: Fate,
}

/// Why nothing, or not everything, could be set up.
#[derive(Debug, thiserror::Error)]
pub(super) enum InitError {
    #[error("{path}: {why}")]
    File { path: String, why: String },
    #[error("nobody is there to be asked; --yes writes without asking, --dry-run only shows")]
    NobodyThere,
}

/// Shows what there is to set up, asks whoever sits there, and writes.
pub(super) fn run(args: &InitArgs, settings: &Settings) -> Result<Answer, Failure> {
    let stdin = io::stdin();
    let somebody = stdin.is_terminal();
    let mut lines = stdin.lock();
    let input: Option<&mut dyn BufRead> = if somebody { Some(&mut lines) } else { None };
    set_up(args, settings, input)?;
    // All has been said, in the order of things.
    Ok(Answer {
        stdout: String::new(),
        status: DONE,
    })
}

/// `input` answers the questions, where somebody does.
fn set_up(
    args: &InitArgs,
    settings: &Settings,
    input: Option<&mut dyn BufRead>,
) -> Result<(), InitError> {
    let found = project::detect(&settings.root);
    let facts = Facts {
        root: &settings.root,
        project: &found,
        command: settings
            .tests
            .command
            .clone()
            .or_else(|| found.test_command.clone()),
        target: settings.target,
    };
    let mut plan = Vec::new();
    for part in InitPart::value_variants() {
        let now = read(&settings.root, *part)?;
        plan.push(Planned {
            part: *part,
            wanted: if args.parts.is_empty() {
                usual(&settings.root).contains(part)
            } else {
                args.parts.contains(part)
            },
            fate: part::fate(*part, &facts, now.as_deref()),
        });
    }
    say(&overview(&plan));
    let mut input = match (args.dry_run || args.yes, input) {
        (false, Some(input)) => Some(input),
        (false, None) if plan.iter().any(Planned::would_be_written) => {
            return Err(InitError::NobodyThere);
        }
        (true, _) | (false, None) => None,
    };
    for planned in plan.iter().filter(|planned| planned.would_be_written()) {
        let (Fate::New(text) | Fate::Changed(text)) = &planned.fate else {
            continue;
        };
        let path = part::path(planned.part);
        if !args.yes {
            say(&shown(path, text));
        }
        if args.dry_run || !agreed(&mut input, path) {
            continue;
        }
        write(&settings.root, path, text)?;
        say(&format!("wrote {path}\n"));
    }
    match plan.into_iter().find_map(|planned| match planned.fate {
        Fate::Unclear(why) if planned.wanted => Some((planned.part, why)),
        _ => None,
    }) {
        Some((part, why)) => Err(InitError::File {
            path: part::path(part).to_owned(),
            why,
        }),
        None => Ok(()),
    }
}

impl Planned {
    fn would_be_written(&self) -> bool {
        self.wanted && matches!(self.fate, Fate::New(_) | Fate::Changed(_))
    }
}

/// What is set up when nothing is named: one workflow, for where the project lives.
fn usual(root: &Path) -> Vec<InitPart> {
    let on_gitlab = root.join(".gitlab-ci.yml").exists() || root.join(".gitlab").is_dir();
    vec![
        InitPart::Settings,
        InitPart::Agents,
        InitPart::Skill,
        InitPart::Schema,
        if on_gitlab {
            InitPart::Gitlab
        } else {
            InitPart::Github
        },
    ]
}

/// One line for each part.
fn overview(plan: &[Planned]) -> String {
    use std::fmt::Write as _;
    let wide = plan.iter().map(|it| part::path(it.part).len()).max();
    let mut text = String::new();
    for planned in plan {
        let fate = match &planned.fate {
            Fate::Unchanged => "unchanged".to_owned(),
            Fate::LeftAlone(why) => format!("left alone ({why})"),
            Fate::Unclear(why) => format!("left alone ({why})"),
            _ if !planned.wanted => {
                let name = planned.part.to_possible_value();
                let name = name.as_ref().map_or("", |name| name.get_name());
                format!("on request: untaken init {name}")
            }
            Fate::New(_) => "new".to_owned(),
            Fate::Changed(_) => "changed".to_owned(),
        };
        let _ = writeln!(
            text,
            "{:wide$}  {}: {fate}",
            part::path(planned.part),
            part::about(planned.part),
            wide = wide.unwrap_or_default()
        );
    }
    text
}

/// A file's text as it would be, set off from what is said about it.
fn shown(path: &str, text: &str) -> String {
    let mut shown = format!("\n── {path}\n");
    for line in text.lines() {
        shown.push_str("   ");
        shown.push_str(&harmless::line(line));
        shown.push('\n');
    }
    shown.push('\n');
    shown
}

/// Asks whether to write a file; whoever said so beforehand is not asked.
fn agreed(input: &mut Option<&mut dyn BufRead>, path: &str) -> bool {
    let Some(input) = input else {
        return true;
    };
    say(&format!("write {path}? [y/N] "));
    let mut answer = String::new();
    // The end of the input is a no.
    input.read_line(&mut answer).is_ok()
        && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

fn say(text: &str) {
    let mut out = io::stdout().lock();
    // Nobody may be reading any more; what was agreed to is done all the same.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// The text of a part's file; `None` where there is none.
fn read(root: &Path, part: InitPart) -> Result<Option<String>, InitError> {
    let name = part::path(part);
    match fs::read_to_string(root.join(name)) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(wrong(name, &error)),
    }
}

/// Writes a file whole or not at all, with the rights that it had.
fn write(root: &Path, name: &str, text: &str) -> Result<(), InitError> {
    let written = || -> io::Result<()> {
        let path = inside(root, &root.join(name))?;
        let folder = path.parent().unwrap_or(root);
        fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        let rights = match fs::metadata(&path) {
            Ok(about) => about.permissions(),
            Err(_) => usual_rights(),
        };
        file.as_file().set_permissions(rights)?;
        file.persist(&path)?;
        Ok(())
    };
    written().map_err(|error| wrong(name, &error))
}

/// Temporary files are for their owner only; files of a project are not.
fn usual_rights() -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    fs::Permissions::from_mode(0o644)
}

/// Where a path really leads, which must be inside the project: a link may point anywhere.
fn inside(root: &Path, path: &Path) -> io::Result<PathBuf> {
    let root = root.canonicalize()?;
    let real = if let Ok(real) = path.canonicalize() {
        real
    } else {
        let there = path.ancestors().find(|it| it.exists()).unwrap_or(&root);
        let rest = path.strip_prefix(there).unwrap_or(path);
        there.canonicalize()?.join(rest)
    };
    if real.starts_with(&root) {
        Ok(real)
    } else {
        Err(io::Error::other(format!(
            "leads out of the project, to {}",
            harmless::line(&real.to_string_lossy())
        )))
    }
}

fn wrong(name: &str, error: &io::Error) -> InitError {
    InitError::File {
        path: name.to_owned(),
        why: error.to_string(),
    }
}
