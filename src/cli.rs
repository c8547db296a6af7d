//! What the person typed: the command line as types, and nothing else.
//!
//! Only what is wrong in the words themselves is refused here (a percentage above 100, an unknown
//! format). This room reads no file and decides nothing; `settings` does.

#![allow(
    rustdoc::broken_intra_doc_links,
    reason = "the comments are the help text too, where [target] names a table of the settings"
)]

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;

use crate::coverage::Percent;

/// The whole command line.
#[derive(Debug, Parser)]
#[command(
    name = "untaken",
    version,
    about = "Find the branches no test has ever taken, and close them",
    long_about = "Find the branches no test has ever taken, hand them to a background Codex session, \
                  and watch the coverage report prove which are closed.\n\n\
                  Without a subcommand the explorer opens, on the reports named or on those it finds.",
    disable_help_subcommand = true,
    after_help = "exit status: 0 done, the gate holds · 1 it does not, or arms were lost · 2 wrong use, no \
                  report to read · 3 the agent could not run · 130 interrupted"
)]
pub struct Cli {
    #[command(flatten)]
    pub everywhere: Everywhere,
    /// Coverage reports; without one, they are looked for in the usual places
    #[arg(value_name = "REPORT", value_hint = ValueHint::FilePath)]
    pub reports: Vec<PathBuf>,
    /// Show only files and gaps on lines changed since the merge base with this revision; p shows the rest
    #[arg(long, value_name = "BASE")]
    pub diff: Option<String>,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What every subcommand takes.
#[derive(Clone, Debug, Default, Args)]
pub struct Everywhere {
    /// The project's folder [default: the git work tree's root, else the current folder]
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub root: Option<PathBuf>,
    /// Settings to use instead of the project's untaken.toml
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,
    /// Write what happens to a file
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub log: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Explore a bundled sample with a recorded session; nothing needs to be installed
    Demo,
    /// List what no test has done: untaken arms, lines never run, functions never called
    Gaps(GapsArgs),
    /// Hold the coverage against thresholds; exit status 1 when one is missed
    Check(CheckArgs),
    /// Tell the arms taken, lost and vanished between two reports; exit status 1 when arms were lost
    Diff(DiffArgs),
    /// Set the project up: settings, standards for agents, a Codex skill, a CI workflow
    Init(InitArgs),
    /// Print what makes a shell complete untaken's words
    Completions(CompletionsArgs),
    /// Print the man page
    Man,
    /// Close gaps without a screen: Codex writes tests, reports written afterwards decide
    Close(CloseArgs),
    /// List earlier runs, or show one
    Runs(RunsArgs),
    /// Make one result of several
    Result(ResultArgs),
    /// Say what was found, and what to do about the rest
    Doctor(DoctorArgs),
    /// Serve gaps to any agent over standard input and output (Model Context Protocol)
    Mcp(McpArgs),
}

impl Command {
    /// The reports that it names.
    #[must_use]
    pub fn reports(&self) -> &[PathBuf] {
        match self {
            Self::Gaps(args) => &args.reports,
            Self::Check(args) => &args.reports,
            // Those of diff are no union; it reads each by itself.
            Self::Close(args) => &args.reports,
            Self::Mcp(args) => &args.reports,
            Self::Demo
            | Self::Diff(_)
            | Self::Runs(_)
            | Self::Result(_)
            | Self::Doctor(_)
            | Self::Init(_)
            | Self::Completions(_)
            | Self::Man => &[],
        }
    }
}

#[derive(Debug, Args)]
pub struct GapsArgs {
    /// Coverage reports; without one, they are looked for in the usual places
    #[arg(value_name = "REPORT", value_hint = ValueHint::FilePath)]
    pub reports: Vec<PathBuf>,
    #[arg(long, value_enum, default_value_t = GapsFormat::Text)]
    pub format: GapsFormat,
    #[command(flatten)]
    pub choice: GapChoice,
}

/// Which files and gaps are listed. Totals stay whole.
#[derive(Clone, Debug, Default, Args)]
pub struct GapChoice {
    /// Only files that match; may be given several times
    #[arg(long = "file", value_name = "GLOB")]
    pub files: Vec<String>,
    /// Only files whose branch coverage is below this
    #[arg(long, value_name = "PCT", value_parser = percent)]
    pub below: Option<Percent>,
    /// Only what lies on lines changed since the merge base with this revision
    #[arg(long, value_name = "BASE")]
    pub diff: Option<String>,
    /// At most so many gaps
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GapsFormat {
    Text,
    Json,
    Markdown,
    /// What a session is sent: the gaps with their source, and how to close them
    Prompt,
}

#[derive(Debug, Args)]
pub struct InitArgs {
    /// What to set up [default: settings, agents, skill, schema, and one workflow]
    #[arg(value_enum, value_name = "PART")]
    pub parts: Vec<InitPart>,
    /// Only show what would be written
    #[arg(long)]
    pub dry_run: bool,
    /// Write without asking
    #[arg(long, conflicts_with = "dry_run")]
    pub yes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum InitPart {
    /// untaken.toml, with what was found out
    Settings,
    /// A section in AGENTS.md with the standards for generated tests
    Agents,
    /// The Codex skill coverage-audit
    Skill,
    /// The JSON Schema of a run's result
    Schema,
    /// GitHub workflow with openai/codex-action
    Github,
    /// GitHub workflow with the plain Codex CLI
    GithubPlain,
    /// GitHub workflow for the whole project, on four machines side by side
    GithubShards,
    /// GitLab pipeline
    Gitlab,
}

#[derive(Debug, Args)]
pub struct CompletionsArgs {
    #[arg(value_enum)]
    pub shell: Shell,
}

#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Coverage reports; without one, they are looked for in the usual places
    #[arg(value_name = "REPORT", value_hint = ValueHint::FilePath)]
    pub reports: Vec<PathBuf>,
    /// Least branch coverage [default: branches under [target] in untaken.toml]
    #[arg(long, value_name = "PCT", value_parser = percent)]
    pub branches: Option<Percent>,
    /// Least line coverage
    #[arg(long, value_name = "PCT", value_parser = percent)]
    pub lines: Option<Percent>,
    /// Least function coverage
    #[arg(long, value_name = "PCT", value_parser = percent)]
    pub functions: Option<Percent>,
    /// Hold each file against the thresholds by itself
    #[arg(long)]
    pub per_file: bool,
    /// Count only what lies on lines changed since the merge base with this revision
    #[arg(long, value_name = "BASE")]
    pub diff: Option<String>,
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    pub format: CheckFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    Text,
    Json,
    Markdown,
    /// Annotations for GitHub Actions
    Github,
}

#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The report from before
    #[arg(value_name = "BEFORE", value_hint = ValueHint::FilePath)]
    pub before: PathBuf,
    /// The report from afterwards; the sources on the disk belong to it
    #[arg(value_name = "AFTER", value_hint = ValueHint::FilePath)]
    pub after: PathBuf,
    /// The revision that holds the sources of BEFORE
    #[arg(long = "before", value_name = "REV")]
    pub before_revision: Option<String>,
    #[arg(long, value_enum, default_value_t = DiffFormat::Text)]
    pub format: DiffFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    Text,
    Json,
    Markdown,
}

#[derive(Debug, Args)]
pub struct RunsArgs {
    #[command(subcommand)]
    pub command: Option<RunsCommand>,
    #[arg(long, value_enum, default_value_t = RunsFormat::Text)]
    pub format: RunsFormat,
}

#[derive(Debug, Subcommand)]
pub enum RunsCommand {
    /// Show what one run did, with its evidence
    Show {
        /// The run's id, or the beginning of it
        id: String,
        #[arg(long, value_enum, default_value_t = RunsFormat::Text)]
        format: RunsFormat,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RunsFormat {
    Text,
    Json,
    Markdown,
}

#[derive(Debug, Args)]
pub struct CloseArgs {
    /// Coverage reports; without one, they are looked for in the usual places
    #[arg(value_name = "REPORT", value_hint = ValueHint::FilePath)]
    pub reports: Vec<PathBuf>,
    /// Stop when the report's total branch coverage is this [default: branches under [target] in untaken.toml]
    #[arg(long, value_name = "PCT", value_parser = percent)]
    pub target: Option<Percent>,
    /// Work on at most so many files
    #[arg(long, value_name = "N")]
    pub max_files: Option<u32>,
    /// Work on at most so many gaps
    #[arg(long, value_name = "N")]
    pub max_gaps: Option<u32>,
    /// Start no turn that would probably pass this many tokens
    #[arg(long, value_name = "N")]
    pub max_tokens: Option<u64>,
    /// Stop after so many minutes
    #[arg(long, value_name = "N")]
    pub max_minutes: Option<u64>,
    /// Turns for each batch that still has open gaps
    #[arg(long, value_name = "N")]
    pub rounds: Option<u32>,
    /// Only what lies on lines changed since the merge base with this revision
    #[arg(long, value_name = "BASE")]
    pub diff: Option<String>,
    /// Work on this share of the files only, the same on every machine
    #[arg(long, value_name = "I/N", value_parser = crate::triage::Shard::parse)]
    pub shard: Option<crate::triage::Shard>,
    /// Say what would be done and what it would probably cost, and stop
    #[arg(long)]
    pub plan: bool,
    /// Commit the tests that are kept
    #[arg(long)]
    pub commit: bool,
    /// Write the result to a file instead of standard output
    #[arg(short, long, value_name = "RESULT.json", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct ResultArgs {
    #[command(subcommand)]
    pub command: ResultCommand,
}

#[derive(Debug, Subcommand)]
pub enum ResultCommand {
    /// Make one result of those that shards of the same work wrote
    Merge(MergeArgs),
}

#[derive(Debug, Args)]
pub struct MergeArgs {
    /// Results that untaken close wrote, one for each shard
    #[arg(required = true, value_name = "RESULT", value_hint = ValueHint::FilePath)]
    pub results: Vec<PathBuf>,
    /// The report that was measured with the tests of all shards together, without a value the one that is
    /// found; without --after the coverage afterwards is null
    #[arg(long, value_name = "REPORT", num_args = 0.., value_hint = ValueHint::FilePath)]
    pub after: Option<Vec<PathBuf>>,
    #[arg(long, value_enum, default_value_t = ResultFormat::Json)]
    pub format: ResultFormat,
    /// Write the result to a file instead of standard output
    #[arg(short, long, value_name = "RESULT.json", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ResultFormat {
    Json,
    /// What became of it, for a pull request: arms, tests, findings, what is left
    Markdown,
}

#[derive(Debug, Args)]
pub struct DoctorArgs {
    #[arg(long, value_enum, default_value_t = DoctorFormat::Text)]
    pub format: DoctorFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DoctorFormat {
    Text,
    Json,
}

#[derive(Debug, Args)]
pub struct McpArgs {
    /// Coverage reports; without one, they are looked for in the usual places
    #[arg(value_name = "REPORT", value_hint = ValueHint::FilePath)]
    pub reports: Vec<PathBuf>,
}

/// A percentage as people type it: `80`, `83.42`, `80%`; 0 to 100, at most two decimals.
///
/// # Errors
/// With a sentence that says what a percentage looks like.
pub fn percent(text: &str) -> Result<Percent, String> {
    let wrong =
        || "a percentage from 0 to 100 with at most two decimals, such as 80 or 83.5".to_owned();
    let number = text.strip_suffix('%').unwrap_or(text).trim();
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty()
        || whole.len() > 3
        || decimals.len() > 2
        || !digits(whole)
        || !digits(decimals)
    {
        return Err(wrong());
    }
    let hundredths: u32 = format!("{whole}{decimals:0<2}")
        .parse()
        .map_err(|_| wrong())?;
    u16::try_from(hundredths)
        .ok()
        .filter(|hundredths| *hundredths <= 10_000)
        .map(Percent::from_hundredths)
        .ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn percentages_as_people_type_them() {
        let hundredths = |text| percent(text).map(Percent::hundredths);
        assert_eq!(hundredths("80"), Ok(8000));
        assert_eq!(hundredths("83.4"), Ok(8340));
        assert_eq!(hundredths("83.42%"), Ok(8342));
        assert_eq!(hundredths("0"), Ok(0));
        assert_eq!(hundredths("100"), Ok(10_000));
        for wrong in [
            "", "%", "-1", "100.01", "1e2", "83.421", "eighty", "999", ".5",
        ] {
            assert!(percent(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn settings_for_all_stand_before_or_after_the_subcommand() {
        for words in [
            ["untaken", "--root", "x", "gaps"],
            ["untaken", "gaps", "--root", "x"],
        ] {
            let cli = Cli::try_parse_from(words).unwrap();
            assert_eq!(cli.everywhere.root, Some(PathBuf::from("x")));
            assert!(matches!(cli.command, Some(Command::Gaps(_))));
        }
    }

    #[test]
    fn a_report_opens_the_explorer() {
        let cli = Cli::try_parse_from(["untaken", "a.info", "b.info"]).unwrap();
        assert_eq!(cli.reports.len(), 2);
        assert!(cli.command.is_none());
    }
}
