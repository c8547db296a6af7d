//! Each tool's way of rewriting its report, write by write.

use super::*;

#[test]
fn istanbul_truncates_and_writes_line_by_line_one_report_after_the_other() {
    let _together = ALONE.read().unwrap_or_else(PoisonError::into_inner);
    let project = Project::new(&[("coverage/coverage-final.json", &istanbul(5))]);
    let whole = istanbul(4000);
    let heard = project.listen(|| {
        write_lines(&project.reports[0], &whole);
        write_lines(&project.path("coverage/lcov.info"), &lcov(4000));
        write_lines(&project.path("coverage/clover.xml"), b"<coverage/>\n");
    });
    heard.assert_whole(&project.reports[0], &whole);
    heard.assert_current();
}

#[test]
fn lcov_of_istanbul_is_whole_when_it_is_closed() {
    let _together = ALONE.read().unwrap_or_else(PoisonError::into_inner);
    let project = Project::new(&[("coverage/lcov.info", &lcov(5))]);
    let whole = lcov(5000);
    let heard = project.listen(|| {
        let mut file = truncate(&project.reports[0]);
        for (n, line) in whole.split_inclusive(|&byte| byte == b'\n').enumerate() {
            file.write_all(line).unwrap();
            if n == 10_000 {
                // Every prefix reads like a whole: only the writer knows.
                thread::sleep(ms(1200));
            }
        }
    });
    heard.assert_whole(&project.reports[0], &whole);
    assert!(
        heard
            .states
            .iter()
            .any(|state| matches!(state, WatchState::MayGrow { .. })),
        "{:?}",
        heard.states
    );
}

#[test]
fn a_summary_and_its_detail_are_read_together() {
    let _together = ALONE.read().unwrap_or_else(PoisonError::into_inner);
    let summary = |n: usize| {
        format!("{{\"total\": {{\"lines\":{{\"total\":{n},\"covered\":{n},\"skipped\":0,\"pct\":100}}}}\n}}\n").into_bytes()
    };
    let project = Project::new(&[
        ("coverage/coverage-final.json", &istanbul(5)),
        ("coverage/coverage-summary.json", &summary(5)),
    ]);
    let (detail, total) = (istanbul(3000), summary(3000));
    let heard = project.listen(|| {
        write_lines(&project.reports[0], &detail);
        thread::sleep(ms(40));
        write_lines(&project.reports[1], &total);
    });
    let [(_, read)] = heard.readings.as_slice() else {
        panic!("{heard:?}")
    };
    assert_eq!(read.len(), 2, "{read:?}");
    heard.assert_whole(&project.reports[0], &detail);
    heard.assert_whole(&project.reports[1], &total);
}

#[test]
fn vitest_deletes_the_folder_and_makes_it_anew() {
    let _together = ALONE.read().unwrap_or_else(PoisonError::into_inner);
    let project = Project::new(&[("coverage/coverage-final.json", &istanbul(5))]);
    let folder = project.path("coverage");
    for n in [300, 301, 302] {
        let whole = istanbul(n);
        let heard = project.listen(|| {
            fs::remove_dir_all(&folder).unwrap();
            thread::sleep(ms(700));
            fs::create_dir_all(folder.join(".tmp")).unwrap();
            thread::sleep(ms(20));
            fs::remove_dir_all(folder.join(".tmp")).unwrap();
            write_lines(&project.reports[0], &whole);
        });
        heard.assert_whole(&project.reports[0], &whole);
        heard.assert_current();
        assert!(
            heard.states.iter().any(|state| matches!(state, WatchState::Rewriting { why, .. } if why.contains("deleted"))),
            "{:?}",
            heard.states
        );
    }
}

#[test]
fn c8_collects_below_the_folder_and_reports_at_the_end() {
    let _together = ALONE.read().unwrap_or_else(PoisonError::into_inner);
    let project = Project::new(&[("coverage/coverage-final.json", &istanbul(5))]);
    let raw = project.path("coverage/tmp");
    let whole = istanbul(300);
    let heard = project.listen(|| {
        fs::create_dir_all(&raw).unwrap();
        for process in 0..20 {
            let name = format!("coverage-{process}-1795333797378-0.json");
            fs::write(raw.join(name), b"{\"result\":[]}").unwrap();
            thread::sleep(ms(40));
        }
        write_lines(&project.reports[0], &whole);
        fs::remove_dir_all(&raw).unwrap();
    });
    heard.assert_whole(&project.reports[0], &whole);
    assert_eq!(heard.readings.len(), 1, "one reload for one run: {heard:?}");
    heard.assert_current();
}

#[test]
fn a_folder_made_anew_with_the_number_of_the_old_one_is_watched() {
    use std::os::unix::fs::MetadataExt as _;
    let _together = ALONE.read().unwrap_or_else(PoisonError::into_inner);
    let project = Project::new(&[("coverage/coverage-final.json", &istanbul(5))]);
    let folder = project.path("coverage");
    let after = istanbul(300);
    let mut is_same_number = false;
    let heard = project.listen(|| {
        for _ in 0..50 {
            let before = fs::metadata(&folder).unwrap().ino();
            fs::remove_dir_all(&folder).unwrap();
            fs::create_dir(&folder).unwrap();
            is_same_number = fs::metadata(&folder).unwrap().ino() == before;
            if is_same_number {
                break;
            }
        }
        thread::sleep(ms(600));
        write_lines(&project.reports[0], &after);
    });
    // Where the file system counts on, the test has nothing to show, and the watcher nothing to miss.
    println!("the number is the same: {is_same_number}");
    heard.assert_whole(&project.reports[0], &after);
    heard.assert_current();
}

#[test]
fn coverage_py_truncates_first_and_writes_much_later() {
    let _together = ALONE.read().unwrap_or_else(PoisonError::into_inner);
    let project = Project::new(&[("coverage.json", &coverage_py(3))]);
    let whole = coverage_py(500);
    let heard = project.listen(|| {
        let mut file = truncate(&project.reports[0]);
        thread::sleep(ms(1800));
        write_buffers(&mut file, &whole, ms(1));
    });
    heard.assert_whole(&project.reports[0], &whole);
    heard.assert_current();
    assert!(
        heard.states.iter().any(
            |state| matches!(state, WatchState::Rewriting { why, .. } if why.contains("empty"))
        ),
        "{:?}",
        heard.states
    );
}

#[test]
fn jacoco_analyses_between_two_buffers() {
    let _together = ALONE.read().unwrap_or_else(PoisonError::into_inner);
    let project = Project::new(&[("target/site/jacoco/jacoco.xml", &jacoco(3))]);
    let whole = jacoco(250);
    let heard = project.listen(|| {
        let mut csv = truncate(&project.path("target/site/jacoco/jacoco.csv"));
        let mut file = truncate(&project.reports[0]);
        write_buffers(&mut file, &whole, ms(400));
        csv.write_all(b"GROUP,PACKAGE,CLASS\n").unwrap();
    });
    heard.assert_whole(&project.reports[0], &whole);
    heard.assert_current();
}

#[test]
fn lcov_1_opens_and_appends_for_each_source_file() {
    let _together = ALONE.read().unwrap_or_else(PoisonError::into_inner);
    let project = Project::new(&[("coverage.info", &lcov(3))]);
    let whole = lcov(200);
    let heard = project.listen(|| {
        drop(truncate(&project.reports[0]));
        let text = String::from_utf8(whole.clone()).unwrap();
        for (n, record) in text.split_inclusive("end_of_record\n").enumerate() {
            let mut file = OpenOptions::new()
                .append(true)
                .open(&project.reports[0])
                .unwrap();
            file.write_all(record.as_bytes()).unwrap();
            drop(file);
            if n == 100 {
                // gcov takes its time over a large file; the records so far look like all of them.
                thread::sleep(ms(600));
            }
        }
    });
    let read = heard.of(&project.reports[0]);
    assert_eq!(
        read.last().copied(),
        Some(whole.as_slice()),
        "the end was missed"
    );
    // Nothing can tell this prefix from a whole; so it is marked.
    assert!(
        heard
            .states
            .iter()
            .any(|state| matches!(state, WatchState::MayGrow { .. })),
        "{:?}",
        heard.states
    );
}

#[test]
fn gcovr_tries_whether_it_may_write_and_writes_later() {
    let _together = ALONE.read().unwrap_or_else(PoisonError::into_inner);
    let project = Project::new(&[("coverage.json", &coverage_py(3))]);
    let whole = coverage_py(200);
    let heard = project.listen(|| {
        fs::remove_file(&project.reports[0]).unwrap();
        drop(truncate(&project.reports[0]));
        fs::remove_file(&project.reports[0]).unwrap();
        thread::sleep(ms(600));
        let mut file = truncate(&project.reports[0]);
        file.write_all(&whole).unwrap();
    });
    heard.assert_whole(&project.reports[0], &whole);
    heard.assert_current();
}

#[test]
fn go_test_writes_a_line_at_the_start_and_blocks_as_packages_end() {
    let _together = ALONE.read().unwrap_or_else(PoisonError::into_inner);
    let project = Project::new(&[("cover.out", &profile(9))]);
    let whole = profile(90);
    let heard = project.listen(|| {
        let mut file = truncate(&project.reports[0]);
        let mut rest = whole.as_slice();
        for (n, pause) in [(10, 700), (400, 700), (900, 500)] {
            let (now, later) = rest.split_at(n);
            file.write_all(now).unwrap();
            thread::sleep(ms(pause));
            rest = later;
        }
        file.write_all(rest).unwrap();
    });
    heard.assert_whole(&project.reports[0], &whole);
}

#[test]
fn a_shell_truncates_and_one_stream_follows() {
    let _together = ALONE.read().unwrap_or_else(PoisonError::into_inner);
    let project = Project::new(&[("coverage.json", &coverage_py(3))]);
    let whole = coverage_py(300);
    fs::write(project.path("whole"), &whole).unwrap();
    let heard = project.listen(|| {
        let shell = "{ head -c 5000 whole; sleep 0.6; tail -c +5001 whole; } > coverage.json";
        let done = Command::new("sh")
            .args(["-c", shell])
            .current_dir(project.folder.path())
            .status();
        assert!(done.unwrap().success());
    });
    heard.assert_whole(&project.reports[0], &whole);
    heard.assert_current();
}

#[test]
fn a_report_that_replaces_the_old_one_at_once_is_read_at_once() {
    let _together = ALONE.read().unwrap_or_else(PoisonError::into_inner);
    let project = Project::new(&[("coverage.json", &coverage_py(3))]);
    let whole = coverage_py(100);
    let heard = project.listen(|| {
        fs::write(project.path("coverage.json.new"), &whole).unwrap();
        fs::rename(project.path("coverage.json.new"), &project.reports[0]).unwrap();
    });
    heard.assert_whole(&project.reports[0], &whole);
    assert_eq!(heard.readings.len(), 1);
}

#[test]
fn the_first_report_of_all_is_seen_wherever_its_folder_comes_from() {
    let _together = ALONE.read().unwrap_or_else(PoisonError::into_inner);
    let project = Project::new(&[("build/reports/jacoco/test/jacocoTestReport.xml", b"")]);
    let whole = jacoco(20);
    let heard = project.listen(|| {
        fs::create_dir_all(project.reports[0].parent().unwrap()).unwrap();
        write_lines(&project.reports[0], &whole);
    });
    heard.assert_whole(&project.reports[0], &whole);
    // All of it goes, and comes again.
    let heard = project.listen(|| {
        fs::remove_dir_all(project.path("build")).unwrap();
        thread::sleep(ms(300));
        fs::create_dir_all(project.reports[0].parent().unwrap()).unwrap();
        write_lines(&project.reports[0], &whole);
    });
    heard.assert_whole(&project.reports[0], &whole);
    heard.assert_current();
}

#[cfg(unix)]
#[test]
fn a_report_behind_a_link_is_watched_where_it_lies() {
    use std::os::unix::fs::symlink;
    let _together = ALONE.read().unwrap_or_else(PoisonError::into_inner);
    let elsewhere = TempDir::new().unwrap();
    let real = elsewhere.path().join("coverage.json");
    fs::write(&real, coverage_py(2)).unwrap();
    let mut project = Project::new(&[]);
    // The file is a link, and the folder is one.
    let links = [
        project.path("coverage.json"),
        project.path("out/coverage.json"),
    ];
    symlink(&real, &links[0]).unwrap();
    symlink(elsewhere.path(), links[1].parent().unwrap()).unwrap();
    for link in links {
        project.reports = vec![link.clone()];
        project.watcher.watch(vec![watched(&link)]);
        project.listen(|| {});
        let whole = coverage_py(70);
        let heard = project.listen(|| write_lines(&real, &whole));
        heard.assert_whole(&link, &whole);
    }
    // The link goes, another one comes.
    let other = TempDir::new().unwrap();
    let heard = project.listen(|| {
        fs::remove_file(project.path("out")).unwrap();
        fs::write(other.path().join("coverage.json"), coverage_py(33)).unwrap();
        symlink(other.path(), project.path("out")).unwrap();
    });
    heard.assert_whole(&project.reports[0], &coverage_py(33));
    let heard =
        project.listen(|| write_lines(&other.path().join("coverage.json"), &coverage_py(44)));
    heard.assert_whole(&project.reports[0], &coverage_py(44));
}
