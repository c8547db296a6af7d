use std::fs;

use super::*;

fn load(toml: &str, user: Option<&str>, flags: &Everywhere) -> Result<Settings, SettingsError> {
    let place = tempfile::tempdir().unwrap();
    let (project, home) = (place.path().join("project"), place.path().join("home"));
    fs::create_dir_all(project.join("inner")).unwrap();
    fs::create_dir_all(project.join(".git")).unwrap();
    fs::write(project.join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
    fs::create_dir_all(project.join("inner/.git")).unwrap();
    fs::create_dir_all(home.join("untaken")).unwrap();
    fs::write(project.join(FILE_NAME), toml).unwrap();
    if let Some(user) = user {
        fs::write(home.join("untaken/config.toml"), user).unwrap();
    }
    let around = Surroundings {
        current_dir: project.join("inner"),
        user_config: Some(home),
    };
    Settings::load(flags, &[], &around)
}

fn refusal(toml: &str) -> String {
    let error = load(toml, None, &Everywhere::default()).unwrap_err();
    let text = error.to_string();
    text.split_once(FILE_NAME).unwrap().1.to_owned()
}

#[test]
fn the_root_is_that_of_the_work_tree_around_the_current_folder() {
    let settings = load("", None, &Everywhere::default()).unwrap();
    assert_eq!(settings.root.file_name().unwrap(), "project");
    assert!(settings.config.unwrap().ends_with("project/untaken.toml"));
}

#[test]
fn a_root_that_is_no_folder_is_refused_by_name() {
    let flags = Everywhere {
        root: Some("../untaken.toml".into()),
        ..Everywhere::default()
    };
    let text = load("", None, &flags).unwrap_err().to_string();
    assert!(
        text.starts_with("--root ") && text.ends_with("not a folder"),
        "{text}"
    );
}

#[test]
fn the_project_stands_over_the_person_key_by_key() {
    let settings = load(
        "[tests]\ncommand = \"pytest\"\n[agent.models]\nauthoring = \"big\"\n[keys]\nquit = \"x\"",
        Some("[tests]\ncommand = \"tox\"\nrepeat = 5\n[agent.models]\nverification = \"small\"\n[keys]\nquit = \"y\"\nhelp = \"h\""),
        &Everywhere::default(),
    )
    .unwrap();
    assert_eq!(settings.tests.command.as_deref(), Some("pytest"));
    assert_eq!(settings.tests.repeat, 5);
    assert_eq!(settings.agent.models.authoring.as_deref(), Some("big"));
    assert_eq!(settings.agent.models.verification.as_deref(), Some("small"));
    assert_eq!(settings.keys["quit"], "x");
    assert_eq!(settings.keys["help"], "h");
}

#[test]
fn every_documented_key_is_read() {
    let settings = load(
        r#"
[reports]
paths = ["coverage/coverage.json"]
strip = ["/home/ci/project/"]
prefix = "backend/"
[tests]
command = "pytest --cov"
file_command = "pytest {files}"
paths = ["tests/"]
generated = "tests/generated"
repeat = 4
timeout = 60
sandbox = false
[target]
branches = 82.5
[agent]
command = "/opt/codex"
sandbox = "read-only"
approval = "untrusted"
rounds = 2
max_files = 5
max_tokens = 1_000
model = "m"
effort = "low"
[agent.models]
authoring = "a"
authoring_complex = "b"
verification = "c"
[ui]
theme = "colour-blind"
mouse = false
[keys]
quit = "ctrl-q"
"#,
        None,
        &Everywhere::default(),
    )
    .unwrap();
    assert_eq!(
        settings.reports.named,
        [settings.root.join("coverage/coverage.json")]
    );
    assert_eq!(settings.reports.strip, ["/home/ci/project/"]);
    assert_eq!(settings.reports.prefix, "backend/");
    assert_eq!(settings.tests.timeout, Duration::from_secs(60));
    assert_eq!(
        settings.tests.paths.as_deref(),
        Some(&["tests/".to_owned()][..])
    );
    assert!(!settings.tests.sandbox);
    assert_eq!(settings.target.map(Percent::hundredths), Some(8250));
    assert_eq!(settings.agent.sandbox, Sandbox::ReadOnly);
    assert_eq!(settings.agent.approval, Approval::Untrusted);
    assert_eq!(settings.agent.max_tokens, 1000);
    assert_eq!(settings.ui.theme, Theme::ColourBlind);
    assert!(!settings.ui.mouse);
    assert_eq!(settings.keys["quit"], "ctrl-q");
}

#[test]
fn an_unknown_key_names_file_line_and_nearest_known_key() {
    assert_eq!(
        refusal("[tests]\nrepeat = 3\ncomand = \"x\"\n"),
        ":3: unknown key comand in [tests]; the nearest known key is command in [tests]"
    );
    assert_eq!(
        refusal("\n[test]\n"),
        ":2: unknown key test; the nearest known key is [tests]"
    );
    assert_eq!(
        refusal("[agent.models]\nverify = \"x\"\n"),
        ":2: unknown key verify in [agent.models]; the nearest known key is verification in [agent.models]"
    );
}

#[test]
fn a_wrong_value_names_its_line() {
    assert!(refusal("[ui]\nmouse = \"yes\"\n").starts_with(":2: invalid type"));
    assert!(refusal("[tests]\n\nrepeat = 0\n").starts_with(":3: must be at least 1"));
    assert!(
        refusal("[target]\nbranches = 120\n").starts_with(":2: must be a percentage from 0 to 100")
    );
    assert!(refusal("[agent]\nsandbox = \"none\"\n").starts_with(":2: unknown variant `none`"));
    assert!(refusal("[tests\n").starts_with(":1: "));
}

#[test]
fn a_hostile_key_cannot_reach_the_terminal() {
    let text = refusal("\"a\\u001b[31m\" = 1\n");
    assert!(
        text.contains("\\u{1b}[31m") && !text.contains('\u{1b}'),
        "{text:?}"
    );
}

#[test]
fn settings_named_by_a_flag_must_exist() {
    let flags = Everywhere {
        config: Some("nowhere.toml".into()),
        ..Everywhere::default()
    };
    let text = load("", None, &flags).unwrap_err().to_string();
    assert!(text.contains("nowhere.toml: No such file"), "{text}");
}
