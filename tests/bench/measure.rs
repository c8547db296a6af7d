//! Programs that are timed, their memory, and the machine they run on.

use std::ffi::OsStr;
use std::fmt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A program with its arguments, and how long it took each time.
pub(crate) struct Timed {
    program: String,
    args: Vec<std::ffi::OsString>,
    took: Vec<Duration>,
}

impl Timed {
    pub(crate) fn new(program: &str, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        let mut timed = Self {
            program: program.to_owned(),
            args: Vec::new(),
            took: Vec::new(),
        };
        timed.args(args);
        timed
    }

    pub(crate) fn args(&mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) {
        self.args
            .extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.args).stdin(Stdio::null());
        command
    }

    /// Runs it, from its start to its end.
    pub(crate) fn once(&mut self) {
        let mut command = self.command();
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let start = Instant::now();
        let status = command.status().unwrap();
        self.took.push(start.elapsed());
        assert!(status.success(), "{command:?}: {status}");
    }

    /// What it prints.
    pub(crate) fn output(&self) -> String {
        let output = self.command().output().unwrap();
        assert!(output.status.success(), "{:?}", self.command());
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn median(&self) -> Duration {
        median(&mut self.took.clone())
    }
}

pub(crate) fn median(took: &mut [Duration]) -> Duration {
    took.sort_unstable();
    took[took.len() / 2]
}

/// Whether a program is on the path.
pub(crate) fn has(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version");
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The most memory that a program had in use at once, in bytes, as GNU time tells it.
pub(crate) fn peak_memory(command: &mut Command) -> Option<u64> {
    let mut timed = Command::new("/usr/bin/time");
    timed.args(["-f", "%M"]);
    timed.arg(command.get_program()).args(command.get_args());
    let output = timed.output().ok().filter(|it| it.status.success())?;
    let told = String::from_utf8_lossy(&output.stderr);
    let kibibytes: u64 = told.lines().last()?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// What the figures were measured on.
pub(crate) struct Machine {
    cores: usize,
    processor: String,
}

impl Machine {
    pub(crate) fn now() -> Self {
        let about = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let name = about.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            (key.trim() == "model name").then(|| value.trim().to_owned())
        });
        Self {
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            processor: name.unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
        }
    }

    /// How busy the machine was lately: figures of a busy one are worth less.
    pub(crate) fn load() -> String {
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        match load.split(' ').next().filter(|load| !load.is_empty()) {
            Some(load) => format!("Load average of the last minute: {load}."),
            None => String::new(),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} cores, {}, {}. {}",
            self.cores,
            self.processor,
            std::env::consts::OS,
            Self::load()
        )
    }
}
