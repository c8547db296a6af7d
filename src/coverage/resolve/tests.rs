use super::*;

/// A disk of names: files below the root, and what exists elsewhere.
struct Fake {
    files: Vec<String>,
    links_out: Vec<&'static str>,
    elsewhere: Vec<&'static str>,
    listed: usize,
}

impl Disk for Fake {
    fn presence(&mut self, path: &str) -> Presence {
        if self.links_out.contains(&path) {
            Presence::Outside
        } else if self.files.iter().any(|file| file == path) {
            Presence::File
        } else {
            Presence::Absent
        }
    }

    fn absolute(&mut self, path: &str) -> AbsolutePresence {
        if self.elsewhere.contains(&path) {
            AbsolutePresence::Outside
        } else {
            AbsolutePresence::Absent
        }
    }

    fn list(&mut self, names: &FxHashSet<String>) -> Tree {
        self.listed += 1;
        Tree::new(
            self.files
                .iter()
                .filter(|file| names.contains(composed(FilePath::new(file).name()).as_ref()))
                .cloned(),
        )
    }
}

fn disk(files: &[&str]) -> Fake {
    Fake {
        files: files.iter().map(|&file| file.to_owned()).collect(),
        links_out: Vec::new(),
        elsewhere: Vec::new(),
        listed: 0,
    }
}

fn clues(report_dir: &str) -> Clues {
    Clues {
        root: "/work/project".to_owned(),
        report_dir: Some(report_dir.to_owned()),
        ..Clues::default()
    }
}

/// `found`, `missing`, `outside`, or `a | b` for each path of a report.
fn ask(files: &[Named<'_>], clues: &Clues, disk: &mut Fake) -> Vec<String> {
    resolve(files, clues, disk)
        .into_iter()
        .map(|answer| match answer.source {
            SourceState::Found => answer.path.as_str().to_owned(),
            SourceState::Ambiguous(candidates) => {
                let names: Vec<_> = candidates.iter().map(FilePath::as_str).collect();
                names.join(" | ")
            }
            other => other.name().to_owned(),
        })
        .collect()
}

fn check(paths: &[&str], clues: &Clues, tree: &[&str], expected: &[&str]) {
    let files: Vec<_> = paths
        .iter()
        .map(|&path| Named { path, module: None })
        .collect();
    assert_eq!(ask(&files, clues, &mut disk(tree)), expected);
}

#[test]
fn a_path_below_the_root_is_found_as_it_stands_and_nothing_is_listed() {
    let mut disk = disk(&["src/a.py", "src/b.py"]);
    let files = [
        Named {
            path: "/work/project/src/a.py",
            module: None,
        },
        Named {
            path: "src/b.py",
            module: None,
        },
        Named {
            path: "./src/x/../a.py",
            module: None,
        },
    ];
    assert_eq!(
        ask(&files, &clues("coverage"), &mut disk),
        ["src/a.py", "src/b.py", "src/a.py"]
    );
    assert_eq!(disk.listed, 0);
}

#[test]
fn a_relative_path_starts_where_the_rest_of_the_report_does() {
    let tree = ["src/index.js", "web/src/index.js", "web/src/only.js"];
    check(
        &["src/index.js", "src/only.js"],
        &clues("web/coverage"),
        &tree,
        &["web/src/index.js", "web/src/only.js"],
    );
    let tree = [
        "backend/a.py",
        "backend/backend/a.py",
        "backend/b.py",
        "c.py",
    ];
    check(
        &["backend/a.py", "backend/b.py", "c.py"],
        &clues("backend"),
        &tree,
        &["backend/a.py", "backend/b.py", "c.py"],
    );
}

#[test]
fn paths_of_another_machine_map_by_their_longest_ending() {
    let tree = [
        "src/café menu.js",
        "src/index.js",
        "src/a/index.js",
        "index.js",
    ];
    check(
        &[
            "/home/ci/project/shop/src/café menu.js",
            "/home/ci/project/shop/src/index.js",
            "/home/ci/project/shop/src/a/index.js",
            "/home/ci/project/shop/index.js",
        ],
        &clues("coverage"),
        &tree,
        &tree,
    );
}

#[test]
fn windows_paths_map_as_well() {
    let tree = ["src/café menu.js", "src/parse.js"];
    check(
        &[
            r"C:\agent\_work\1\s\src\café menu.js",
            r"C:\agent\_work\1\s\src\parse.js",
        ],
        &clues("coverage"),
        &tree,
        &tree,
    );
    check(
        &[r"src\parse.js", r"\\server\share\src\parse.js"],
        &clues(""),
        &tree,
        &["src/parse.js", "src/parse.js"],
    );
}

#[test]
fn a_deleted_file_is_not_mistaken_for_its_namesake() {
    let tree = ["src/a.js", "src/b.js", "lib/util/index.js", "index.js"];
    check(
        &[
            "/ci/p/src/a.js",
            "/ci/p/src/b.js",
            "/ci/p/src/old/util/index.js",
            "/usr/lib/node/index.js",
        ],
        &clues(""),
        &tree,
        &["src/a.js", "src/b.js", "missing", "missing"],
    );
    let tree = ["src/a.py", "src/b.py", "other/src/gone.py"];
    check(
        &[
            "src/a.py",
            "src/b.py",
            "src/gone.py",
            "/work/project/src/gone.py",
        ],
        &clues(""),
        &tree,
        &["src/a.py", "src/b.py", "missing", "missing"],
    );
}

#[test]
fn several_that_fit_are_listed_and_not_guessed() {
    let tree = ["a/src/util.py", "b/src/util.py"];
    check(
        &["src/util.py"],
        &clues("reports"),
        &tree,
        &["a/src/util.py | b/src/util.py"],
    );
}

#[test]
fn the_report_s_own_folder_tells_twins_apart() {
    let tree = [
        "core/src/com/acme/Strings.java",
        "web/src/com/acme/Strings.java",
    ];
    check(
        &["com/acme/Strings.java"],
        &clues("web/target/site/jacoco"),
        &tree,
        &["web/src/com/acme/Strings.java"],
    );
}

#[test]
fn the_module_tells_twins_apart() {
    let tree = [
        "core/src/main/java/com/acme/Strings.java",
        "web/src/main/java/com/acme/Strings.java",
    ];
    for (module, expected) in [
        ("core", tree[0]),
        ("bank/web", tree[1]),
        (":core", tree[0]),
        ("bank-web", tree[1]),
        (
            "app",
            "core/src/main/java/com/acme/Strings.java | web/src/main/java/com/acme/Strings.java",
        ),
    ] {
        let file = Named {
            path: "com/acme/Strings.java",
            module: Some(module),
        };
        assert_eq!(
            ask(&[file], &clues("reports"), &mut disk(&tree)),
            [expected],
            "{module}"
        );
    }
}

#[test]
fn kotlin_may_leave_out_the_common_package() {
    let tree = [
        "app/src/main/kotlin/ui/Main.kt",
        "docs/Main.kt",
        "app/src/main/kotlin/Top.kt",
    ];
    check(
        &["com/acme/app/ui/Main.kt", "com/acme/app/Top.kt"],
        &clues("app/build/reports"),
        &tree,
        &[tree[0], tree[2]],
    );
}

#[test]
fn cobertura_sources_say_where_a_file_lies() {
    let tree = ["src/shop/pricing.py", "other/shop/pricing.py"];
    let clues = Clues {
        source_roots: vec!["/home/ci/project/shop-py/src".to_owned()],
        ..clues("reports")
    };
    check(
        &["shop/pricing.py"],
        &clues,
        &tree,
        &["src/shop/pricing.py"],
    );
    let twice = Clues {
        source_roots: vec!["src".to_owned(), "other".to_owned()],
        ..clues
    };
    check(
        &["shop/pricing.py"],
        &twice,
        &tree,
        &["other/shop/pricing.py | src/shop/pricing.py"],
    );
}

#[test]
fn go_paths_lose_their_module() {
    let tree = ["queue.go", "heap/heap.go", "tools/heap/heap.go"];
    let clues = Clues {
        go_modules: vec![
            ("example.com/queue".to_owned(), String::new()),
            ("example.com/queue/tools".to_owned(), "tools".to_owned()),
        ],
        ..clues("")
    };
    check(
        &[
            "example.com/queue/queue.go",
            "example.com/queue/heap/heap.go",
            "example.com/queue/tools/heap/heap.go",
        ],
        &clues,
        &tree,
        &tree,
    );
}

#[test]
fn names_are_the_same_in_either_unicode_form() {
    let (composed, decomposed) = ("src/caf\u{e9}.py", "src/cafe\u{301}.py");
    check(&[composed], &clues(""), &[decomposed], &[decomposed]);
    check(
        &["/ci/src/cafe\u{301}.py"],
        &clues(""),
        &[composed],
        &[composed],
    );
    check(
        &[composed, decomposed],
        &clues(""),
        &[composed, decomposed],
        &[composed, decomposed],
    );
}

#[test]
fn nothing_outside_the_root_is_found() {
    let mut disk = disk(&["src/a.py", "link.py"]);
    disk.links_out.push("link.py");
    disk.elsewhere.push("/usr/include/stdio.h");
    let files = [
        "../../../../etc/passwd",
        "/usr/include/stdio.h",
        "link.py",
        "",
    ]
    .map(|path| Named { path, module: None });
    assert_eq!(
        ask(&files, &clues("coverage"), &mut disk),
        ["outside", "outside", "outside", "missing"]
    );
}

#[test]
fn a_drive_is_no_folder_of_this_machine() {
    let mut disk = disk(&[]);
    disk.elsewhere.extend(["/etc/hosts", "/share/x/a.c"]);
    let files = [r"C:\etc\hosts", r"\\share\x\a.c"].map(|path| Named { path, module: None });
    assert_eq!(ask(&files, &clues(""), &mut disk), ["missing", "missing"]);
}

#[test]
fn climbing_from_the_report_s_folder_stays_inside() {
    check(
        &["../src/a.c", "../../b.c"],
        &clues("build/out"),
        &["build/src/a.c", "b.c"],
        &["build/src/a.c", "b.c"],
    );
    check(
        &["/x/build/../src/a.c"],
        &clues(""),
        &["src/a.c"],
        &["src/a.c"],
    );
}

#[test]
fn settings_say_what_cannot_be_found_out() {
    let clues = Clues {
        strip: vec!["/home/ci/".to_owned()],
        prefix: "backend/".to_owned(),
        ..clues("")
    };
    check(
        &["/home/ci/a.py", "b.py"],
        &clues,
        &["backend/a.py", "frontend/a.py", "backend/b.py", "b.py"],
        &["backend/a.py", "backend/b.py"],
    );
}

/// A disk that is all tree.
struct Big(Vec<String>);
impl Disk for Big {
    fn presence(&mut self, _: &str) -> Presence {
        Presence::Absent
    }
    fn absolute(&mut self, _: &str) -> AbsolutePresence {
        AbsolutePresence::Absent
    }
    fn list(&mut self, _: &FxHashSet<String>) -> Tree {
        Tree::new(self.0.iter().cloned())
    }
}

#[test]
fn a_hundred_thousand_files_of_few_names_are_no_burden() {
    let tree: Vec<String> = (0..100_000)
        .map(|n| format!("packages/p{}/src/d{}/index.ts", n / 50, n % 50))
        .collect();
    let paths: Vec<String> = tree
        .iter()
        .step_by(25)
        .map(|path| format!("/builds/team/{path}"))
        .collect();
    let files: Vec<_> = paths
        .iter()
        .map(|path| Named { path, module: None })
        .collect();
    let answers = resolve(&files, &clues("coverage"), &mut Big(tree));
    assert!(
        answers
            .iter()
            .zip(&paths)
            .all(|(answer, path)| path.ends_with(answer.path.as_str()))
    );
    assert_eq!(answers.len(), 4000);
}
