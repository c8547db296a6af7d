//! Which file of the project a report means, on a real disk.

use std::fs;

use crate::world::{Project, files, lcov};

fn check(project: &Project, paths: &[&str], expected: &[&str]) {
    let lines = [(1, 0)];
    let report: Vec<_> = paths
        .iter()
        .map(|&path| (path, &lines[..], &[][..]))
        .collect();
    project.write("coverage/lcov.info", &lcov(&report));
    let mut found = files(&project.gaps(&["coverage/lcov.info"]));
    let mut expected: Vec<String> = expected.iter().map(|&file| file.to_owned()).collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn paths_of_other_machines_find_their_files() {
    let project = Project::new(&[
        ("src/shop/naïve été.py", "x\n"),
        ("src/shop/[id] #1.py", "x\n"),
        ("src/b.py", "x\n"),
    ]);
    for prefix in [
        "/home/ci/project/shop-py/",
        r"D:\a\repo\repo\",
        "./",
        "x/../",
    ] {
        let backslashed = |path: &str| {
            if prefix.contains('\\') {
                path.replace('/', "\\")
            } else {
                path.to_owned()
            }
        };
        let paths: Vec<String> = ["src/shop/naïve été.py", "src/shop/[id] #1.py", "src/b.py"]
            .iter()
            .map(|path| format!("{prefix}{}", backslashed(path)))
            .collect();
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        check(
            &project,
            &paths,
            &[
                "src/shop/naïve été.py:found",
                "src/shop/[id] #1.py:found",
                "src/b.py:found",
            ],
        );
    }
}

#[test]
fn names_in_the_other_unicode_form_are_found() {
    let project = Project::new(&[("src/cafe\u{301}.py", "x\n")]);
    check(
        &project,
        &["/ci/src/caf\u{e9}.py"],
        &["src/cafe\u{301}.py:found"],
    );
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_no_utf8_are_found() {
    use std::os::unix::ffi::OsStringExt as _;
    let project = Project::new(&[("src/a.c", "x\n")]);
    let name = std::ffi::OsString::from_vec(b"na\xefve io.c".to_vec());
    fs::write(project.path("src").join(name), "x\n").unwrap();
    check(
        &project,
        &["src/na\u{ef}ve io.c"],
        &["src/na\u{ef}ve io.c:found"],
    );
    check(
        &project,
        &["/home/ci/src/na\u{ef}ve io.c"],
        &["src/na\u{ef}ve io.c:found"],
    );
    let mut report = b"SF:src/na\xefve io.c\nDA:1,0\nend_of_record\n".to_vec();
    report.extend_from_slice(b"SF:src/a.c\nDA:1,0\nend_of_record\n");
    fs::write(project.path("coverage/lcov.info"), report).unwrap();
    let text = project.run(&["gaps"]);
    assert!(
        text.stdout.contains("naïve io.c") && !text.stdout.contains("not found"),
        "{}",
        text.stdout
    );
}

#[test]
fn several_that_fit_are_candidates() {
    let project = Project::new(&[("a/src/util.py", "x\n"), ("b/src/util.py", "x\n")]);
    check(
        &project,
        &["/ci/src/util.py"],
        &["/ci/src/util.py:ambiguous"],
    );
    let answer = project.gaps(&[]);
    assert_eq!(
        answer["files"][0]["candidates"],
        serde_json::json!(["a/src/util.py", "b/src/util.py"])
    );
}

#[cfg(unix)]
#[test]
fn nothing_outside_the_root_is_opened() {
    let project = Project::new(&[("src/a.py", "x\n")]);
    project.write("../secret/secret.py", "secret = 1\n");
    std::os::unix::fs::symlink(project.path("../secret/secret.py"), project.path("link.py"))
        .unwrap();
    std::os::unix::fs::symlink(project.path("../secret"), project.path("folder")).unwrap();
    let secret = project.path("../secret/secret.py").canonicalize().unwrap();
    let secret = secret.to_str().unwrap();
    check(
        &project,
        &[
            "link.py",
            "folder/secret.py",
            secret,
            "../../secret/secret.py",
            "../../../../../../../../etc/passwd",
        ],
        &[
            "link.py:outside",
            "folder/secret.py:outside",
            &format!("{secret}:outside"),
            "../../secret/secret.py:outside",
            "../../../../../../../../etc/passwd:outside",
        ],
    );
}

#[cfg(unix)]
#[test]
fn a_pipe_is_no_source() {
    let project = Project::new(&[("src/a.py", "x\n")]);
    nix::unistd::mkfifo(&project.path("src/pipe.py"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    check(&project, &["src/pipe.py"], &["src/pipe.py:missing"]);
}

#[test]
fn sources_that_a_build_wrote_are_found() {
    let project = Project::new(&[
        (".gitignore", "build/\n"),
        (
            "app/build/generated/sources/main/java/com/acme/Api.java",
            "x\n",
        ),
        ("app/build/tmp/com/acme/Api.java", "x\n"),
    ]);
    check(
        &project,
        &["com/acme/Api.java"],
        &["app/build/generated/sources/main/java/com/acme/Api.java:found"],
    );
}

#[test]
fn settings_say_what_cannot_be_found_out() {
    let project = Project::new(&[("a/util.py", "x\n"), ("b/util.py", "x\n")]);
    check(&project, &["/ci/util.py"], &["/ci/util.py:ambiguous"]);
    project.write(
        "untaken.toml",
        "[reports]\nstrip = [\"/ci/\"]\nprefix = \"b/\"\n",
    );
    check(&project, &["/ci/util.py"], &["b/util.py:found"]);
}

#[test]
fn modules_of_a_java_build_keep_their_own() {
    let answer = Project::sample("jacoco").gaps(&["reports/jacoco-group.xml"]);
    let found = files(&answer);
    assert!(
        found.contains(&"core/src/com/acme/util/Strings.java:found".to_owned()),
        "{found:?}"
    );
    assert!(
        found.contains(&"web/src/com/acme/util/Strings.java:found".to_owned()),
        "{found:?}"
    );
    let twin = answer["files"]
        .as_array()
        .unwrap()
        .iter()
        .find(|file| file["path"] == "web/src/com/acme/util/Strings.java");
    assert_eq!(twin.unwrap()["branches"]["total"], 2);
}

#[test]
fn go_packages_find_their_files() {
    let found = files(&Project::sample("go").gaps(&["reports/cover.out"]));
    assert!(
        found.iter().all(|file| file.ends_with(":found")),
        "{found:?}"
    );
    assert!(
        found.contains(&"heap/naïve.go:found".to_owned()),
        "{found:?}"
    );
    let project = Project::new(&[
        ("tools/go.mod", "module example.com/tools\n"),
        ("tools/x/x.go", "package x\n"),
        ("x/x.go", "package x\n"),
        (
            "cover.out",
            "mode: set\nexample.com/tools/x/x.go:1.1,2.2 1 0\n",
        ),
    ]);
    assert_eq!(files(&project.gaps(&[])), ["tools/x/x.go:found"]);
}
