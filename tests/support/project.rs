//! Small projects with a report, made in a temporary folder.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

/// A project of two Python files and an LCOV report: in `src/berths.py` line 3 was never true, and
/// `src/flags.py` is covered.
pub fn harbour() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    write(
        folder.path(),
        "src/berths.py",
        "def assign(ship):\n    berth = 1\n    if ship is None:\n        berth = 0\n    return berth\n",
    );
    write(
        folder.path(),
        "src/flags.py",
        "def flag(code):\n    return code.upper()\n",
    );
    write(folder.path(), HARBOUR_REPORT, HARBOUR_BEFORE);
    // A report that was written just now might still grow, and that would be said.
    let hour_ago = SystemTime::now() - Duration::from_secs(3600);
    let report = fs::File::options()
        .append(true)
        .open(folder.path().join(HARBOUR_REPORT))
        .and_then(|report| report.set_modified(hour_ago));
    report.expect("it is old");
    folder
}

/// Where the report of the harbour lies.
pub const HARBOUR_REPORT: &str = "coverage/lcov.info";

/// One of two arms of `src/berths.py` is taken.
pub const HARBOUR_BEFORE: &str = "TN:\nSF:src/berths.py\nFN:1,assign\nFNDA:3,assign\nFNF:1\nFNH:1\nBRDA:3,0,0,0\nBRDA:3,0,1,3\nBRF:2\nBRH:1\n\
         DA:1,1\nDA:2,3\nDA:3,3\nDA:4,0\nDA:5,3\nLF:5\nLH:4\nend_of_record\n\
         TN:\nSF:src/flags.py\nFN:1,flag\nFNDA:2,flag\nFNF:1\nFNH:1\nDA:1,1\nDA:2,2\nLF:2\nLH:2\nend_of_record\n";

/// Both are.
pub fn harbour_after() -> String {
    HARBOUR_BEFORE
        .replace("BRDA:3,0,0,0", "BRDA:3,0,0,1")
        .replace("BRH:1", "BRH:2")
        .replace("DA:4,0", "DA:4,1")
        .replace("LH:4", "LH:5")
}

/// Writes a file and the folders it lies in.
pub fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, text).expect("a file");
}

/// Writes a shell script that can be run.
pub fn script(folder: &Path, name: &str, text: &str) -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    write(folder, name, &format!("#!/bin/sh\n{text}"));
    let path = folder.join(name);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it can be run");
    path
}

/// A stand-in for Codex that answers enough for a turn to begin, and then works for ever with a child of its
/// own, which does not end by itself. Named in the project's settings.
pub fn name_tireless_codex(folder: &Path) {
    let codex = script(
        folder,
        "bin/codex",
        r#"[ "$1" = app-server ] || exit 0
sleep 1000 &
tell() { printf '%s\n' "$1"; }
while read -r line; do
  id=$(printf '%s' "$line" | sed -n 's/.*"id":\([0-9]*\).*/\1/p')
  case "$line" in
    *'"method":"initialize"'*) tell "{\"id\":$id,\"result\":{\"userAgent\":\"stand-in/0\"}}" ;;
    *'"method":"account/read"'*) tell "{\"id\":$id,\"result\":{\"account\":null,\"requiresOpenaiAuth\":false}}" ;;
    *'"method":"thread/start"'*) tell "{\"id\":$id,\"result\":{\"thread\":{\"id\":\"t1\"},\"model\":\"stand-in\"}}" ;;
    *'"method":"turn/start"'*)
      tell "{\"id\":$id,\"result\":{\"turn\":{\"id\":\"u1\",\"status\":\"inProgress\"}}}"
      tell '{"method":"turn/started","params":{"threadId":"t1","turn":{"id":"u1","status":"inProgress"}}}'
      tell '{"method":"item/started","params":{"threadId":"t1","turnId":"u1","item":{"type":"agentMessage","id":"m1","text":"","phase":"commentary"}}}'
      tell '{"method":"item/agentMessage/delta","params":{"threadId":"t1","turnId":"u1","itemId":"m1","delta":"thinking it over"}}'
      ;;
    *'"id"'*) tell "{\"id\":$id,\"result\":{}}" ;;
  esac
done
"#,
    );
    write(folder, "before.info", HARBOUR_BEFORE);
    write(
        folder,
        "untaken.toml",
        &format!(
            "[tests]\ncommand = \"cp before.info {HARBOUR_REPORT}\"\nsandbox = false\n\n[agent]\ncommand = {:?}\n",
            codex.display().to_string()
        ),
    );
}
