//! A terminal for the built program: a real pty, a screen to look at, and every byte that was written.

use std::io::{Read as _, Write as _};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// Longer than anything takes on a loaded machine; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// Each frame is a synchronized update; this ends it.
const FRAME_END: &[u8] = b"\x1b[?2026l";

/// What came out of the terminal so far.
struct Output {
    screen: vt100::Parser,
    bytes: Vec<u8>,
    /// When the end of each frame came.
    frames: Vec<Instant>,
    closed: bool,
    /// The reader is to let go of the terminal.
    leave: bool,
}

/// A program in a terminal of its own, as its session leader.
pub struct Pty {
    master: Option<Box<dyn MasterPty + Send>>,
    keyboard: Option<Box<dyn std::io::Write + Send>>,
    child: Box<dyn Child + Send + Sync>,
    output: Arc<(Mutex<Output>, Condvar)>,
    /// In the environment of the program and so of every process it starts.
    mark: String,
}

/// How the program is started.
pub struct Start {
    command: CommandBuilder,
    columns: u16,
    rows: u16,
    mark: String,
}

impl Start {
    /// A program with a clean environment, in a folder.
    pub fn new(program: impl AsRef<Path>, folder: &Path) -> Self {
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let mark = format!(
            "UNTAKEN_TEST_MARK={}-{}",
            std::process::id(),
            COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
        );
        let mut command = CommandBuilder::new(program.as_ref());
        command.cwd(folder);
        command.env_clear();
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command.env("HOME", folder);
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        if let Some((name, value)) = mark.split_once('=') {
            command.env(name, value);
        }
        Self {
            command,
            columns: 100,
            rows: 30,
            mark,
        }
    }

    /// The built program. Its root is the folder even where a repository lies around it.
    pub fn untaken(folder: &Path) -> Self {
        Self::new(
            // Cargo names it to tests; a tool that is no test starts its program with `new`.
            option_env!("CARGO_BIN_EXE_untaken").unwrap_or("untaken"),
            folder,
        )
        .arg("--root")
        .arg(folder)
    }

    pub fn arg(mut self, arg: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    pub fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub fn size(mut self, columns: u16, rows: u16) -> Self {
        (self.columns, self.rows) = (columns, rows);
        self
    }

    pub fn start(self) -> Pty {
        let pair = native_pty_system()
            .openpty(size(self.columns, self.rows))
            .expect("a pty");
        let child = pair.slave.spawn_command(self.command).expect("it starts");
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let keyboard = pair.master.take_writer().expect("a writer");
        let output = Arc::new((
            Mutex::new(Output {
                screen: vt100::Parser::new(positive(self.rows), positive(self.columns), 0),
                bytes: Vec::new(),
                frames: Vec::new(),
                closed: false,
                leave: false,
            }),
            Condvar::new(),
        ));
        let shared = Arc::clone(&output);
        std::thread::spawn(move || {
            let mut buffer = vec![0; 65536];
            loop {
                let count = reader.read(&mut buffer).unwrap_or(0);
                let came = Instant::now();
                let mut output = lock(&shared.0);
                if count == 0 || output.leave {
                    output.closed = true;
                    shared.1.notify_all();
                    return;
                }
                output.screen.process(&buffer[..count]);
                // The end of a frame may come in two pieces.
                let from = output.bytes.len().saturating_sub(FRAME_END.len() - 1);
                output.bytes.extend_from_slice(&buffer[..count]);
                let ends = memchr::memmem::find_iter(&output.bytes[from..], FRAME_END).count();
                output.frames.extend(std::iter::repeat_n(came, ends));
                shared.1.notify_all();
            }
        });
        Pty {
            master: Some(pair.master),
            keyboard: Some(keyboard),
            child,
            output,
            mark: self.mark,
        }
    }
}

fn positive(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).expect("a size")
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols: columns,
        pixel_width: 0,
        pixel_height: 0,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pty {
    /// Types keys, as the terminal would send them.
    pub fn type_keys(&mut self, keys: &str) {
        let keyboard = self.keyboard.as_mut().expect("the terminal is open");
        keyboard.write_all(keys.as_bytes()).expect("it is read");
        keyboard.flush().expect("it is read");
    }

    pub fn resize(&mut self, columns: u16, rows: u16) {
        lock(&self.output.0)
            .screen
            .screen_mut()
            .set_size(positive(rows), positive(columns));
        self.master
            .as_ref()
            .expect("the terminal is open")
            .resize(size(columns, rows))
            .expect("it is resized");
    }

    /// The text on the screen.
    pub fn text(&self) -> String {
        lock(&self.output.0).screen.screen().contents()
    }

    /// Everything written so far.
    pub fn bytes(&self) -> Vec<u8> {
        lock(&self.output.0).bytes.clone()
    }

    /// When the frames came that were drawn so far.
    pub fn frames(&self) -> Vec<Instant> {
        lock(&self.output.0).frames.clone()
    }

    /// How many frames were drawn so far.
    pub fn n_frames(&self) -> usize {
        lock(&self.output.0).frames.len()
    }

    /// When the last frame came.
    pub fn last_frame(&self) -> Instant {
        *lock(&self.output.0).frames.last().expect("a frame")
    }

    /// Waits for the first frame that comes after so many, and tells when it came.
    #[track_caller]
    pub fn wait_frame(&self, n_before: usize) -> Instant {
        self.wait_until("another frame", |output| output.frames.len() > n_before);
        lock(&self.output.0).frames[n_before]
    }

    /// Looks at the screen's state.
    pub fn look<T>(&self, look: impl FnOnce(&vt100::Screen) -> T) -> T {
        look(lock(&self.output.0).screen.screen())
    }

    /// Waits until the screen holds a text.
    #[track_caller]
    pub fn wait_for(&self, text: &str) {
        self.wait_until(&format!("the screen shows {text:?}"), |output| {
            output.screen.screen().contents().contains(text)
        });
    }

    /// Waits until the screen is as a test wants it.
    #[track_caller]
    pub fn wait_screen(&self, what: &str, mut wanted: impl FnMut(&vt100::Screen) -> bool) {
        self.wait_until(what, |output| wanted(output.screen.screen()));
    }

    #[track_caller]
    fn wait_until(&self, what: &str, mut wanted: impl FnMut(&Output) -> bool) {
        let end = Instant::now() + PATIENCE;
        let mut output = lock(&self.output.0);
        while !wanted(&output) {
            let left = end.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero() && !output.closed,
                "never came: {what} ({})\n{}",
                if output.closed {
                    "it ended"
                } else {
                    "time is up"
                },
                output.screen.screen().contents()
            );
            output = self
                .output
                .1
                .wait_timeout(output, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Waits until nothing was written for so long; returns how many bytes there are then.
    pub fn wait_quiet(&self, still: Duration) -> usize {
        let end = Instant::now() + PATIENCE;
        let mut before = lock(&self.output.0).bytes.len();
        loop {
            std::thread::sleep(still);
            let now = lock(&self.output.0).bytes.len();
            if now == before {
                return now;
            }
            assert!(Instant::now() < end, "it never stops writing");
            before = now;
        }
    }

    /// Its process id.
    pub fn pid(&self) -> i32 {
        let id = self.child.process_id().expect("it runs");
        i32::try_from(id).expect("a process id")
    }

    pub fn signal(&self, signal: nix::sys::signal::Signal) {
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(self.pid()), signal)
            .expect("it is signalled");
    }

    /// Closes the terminal, as closing its window does.
    pub fn close(&mut self) {
        // The reader holds the terminal open and waits in the system: a last frame lets it go.
        lock(&self.output.0).leave = true;
        let (rows, columns) = self.look(vt100::Screen::size);
        self.resize(columns.get() - 1, rows.get());
        self.wait_until_closed(Instant::now() + PATIENCE);
        self.keyboard = None;
        self.master = None;
    }

    /// Whether the line discipline is raw (no echo, no lines, no signals by keys).
    pub fn is_raw(&self) -> bool {
        let master = self.master.as_ref().expect("the terminal is open");
        let modes = master.get_termios().expect("terminal modes");
        let local = format!("{:?}", modes.local_flags);
        let mut set = local.split(|char: char| !char.is_ascii_alphanumeric());
        !set.any(|flag| ["ICANON", "ECHO", "ISIG"].contains(&flag))
    }

    /// Waits for its end and returns the exit status; 128 and the number for a signal's death.
    #[track_caller]
    pub fn wait_end(&mut self) -> u32 {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("it is ours") {
                // What it wrote last is still on its way through the pty.
                if self.master.is_some() {
                    self.wait_until_closed(end);
                }
                return status.exit_code();
            }
            assert!(
                Instant::now() < end,
                "it never ends; the screen:\n{}",
                self.text()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn wait_until_closed(&self, end: Instant) {
        let mut output = lock(&self.output.0);
        while !output.closed && Instant::now() < end {
            output = self
                .output
                .1
                .wait_timeout(output, Duration::from_millis(50))
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// The running processes that it started, and those that they started, without itself: by the
    /// environment they inherited, so that one that left its parent or its group is found too.
    pub fn children(&self) -> Vec<(i32, String)> {
        let own = self.child.process_id();
        processes_with(&self.mark)
            .into_iter()
            .filter(|(pid, _)| u32::try_from(*pid).ok() != own)
            .collect()
    }

    /// Waits until no process that it started runs any more.
    #[track_caller]
    pub fn wait_childless(&self) {
        let end = Instant::now() + PATIENCE;
        loop {
            let left = self.children();
            if left.is_empty() {
                return;
            }
            assert!(Instant::now() < end, "still running: {left:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Asserts that the terminal is as a shell wants it: main screen, cursor shown, nothing reported.
    #[track_caller]
    pub fn assert_restored(&self) {
        self.look(|screen| {
            assert!(!screen.alternate_screen(), "the alternate screen is left");
            assert!(!screen.hide_cursor(), "the cursor is shown");
            assert!(!screen.bracketed_paste(), "bracketed paste is off");
            assert_eq!(
                screen.mouse_protocol_mode(),
                vt100::MouseProtocolMode::None,
                "the mouse is the terminal's again"
            );
        });
        let bytes = self.bytes();
        let written = String::from_utf8_lossy(&bytes);
        // vt100 does not follow these two.
        for mode in ["?1004", "?2026"] {
            let last_on = written.rfind(&format!("\x1b[{mode}h"));
            let last_off = written.rfind(&format!("\x1b[{mode}l"));
            assert!(last_off > last_on, "{mode} is off");
        }
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        // A failed test leaves nothing behind.
        let _ = self.child.kill();
        for (pid, _) in processes_with(&self.mark) {
            let _ = nix::sys::signal::kill(
                nix::unistd::Pid::from_raw(pid),
                nix::sys::signal::Signal::SIGKILL,
            );
        }
        let _ = self.child.wait();
    }
}

/// Running processes (no zombies) with a variable in their environment: id and command line.
fn processes_with(variable: &str) -> Vec<(i32, String)> {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| {
            let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
            let environment = std::fs::read(entry.path().join("environ")).ok()?;
            environment
                .split(|byte| *byte == 0)
                .any(|entry| entry == variable.as_bytes())
                .then_some(())?;
            let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
            let state = stat.rsplit(") ").next()?.chars().next()?;
            if state == 'Z' {
                return None;
            }
            let command = std::fs::read(entry.path().join("cmdline")).ok()?;
            let command = String::from_utf8_lossy(&command).replace('\0', " ");
            Some((pid, command))
        })
        .collect()
}

/// The processor time that a process has used, all its threads, in clock ticks (10 ms on Linux).
pub fn cpu_ticks(pid: i32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
    let fields: Vec<&str> = stat
        .rsplit(") ")
        .next()
        .expect("a stat line")
        .split(' ')
        .collect();
    // utime and stime, the 14th and 15th of all fields.
    fields[11].parse::<u64>().expect("ticks") + fields[12].parse::<u64>().expect("ticks")
}
