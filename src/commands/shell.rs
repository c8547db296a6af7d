//! `untaken completions` and `untaken man`: made from the one definition of the command line, and the one
//! table of keys.

use std::fmt::Write as _;

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::app::keymap::{Group, KeyMap, TABLE};
use crate::cli::Cli;

/// A script that makes a shell complete our words.
pub(super) fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "untaken", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// The man page, with each subcommand's words below those of the whole.
pub(super) fn man() -> String {
    let mut command = Cli::command();
    command.build();
    let mut page = Vec::new();
    let man = clap_mangen::Man::new(command.clone());
    // Writing to memory does not fail.
    let _ = man.render(&mut page);
    for sub in command.get_subcommands() {
        let name = sub.get_name().to_uppercase();
        page.extend_from_slice(format!(".SH UNTAKEN {name}\n").as_bytes());
        let man = clap_mangen::Man::new(sub.clone());
        let _ = man.render_description_section(&mut page);
        let _ = man.render_synopsis_section(&mut page);
        let _ = man.render_options_section(&mut page);
    }
    page.extend_from_slice(keys().as_bytes());
    String::from_utf8_lossy(&page).into_owned()
}

/// The keys of the explorer, as a section of the man page.
fn keys() -> String {
    let keys = KeyMap::default();
    let mut section =
        ".SH KEYS\n[keys] in untaken.toml changes them: the name in brackets = \"key\".\n"
            .to_owned();
    for group in Group::ALL {
        let _ = writeln!(section, ".SS {}", group.title());
        for entry in TABLE.iter().filter(|entry| entry.group == group) {
            let pressed = keys.keys(entry.action).join(", ");
            let (pressed, help, name) = (roff(&pressed), roff(entry.help), roff(entry.name));
            let _ = writeln!(section, ".TP\n\\fB{pressed}\\fR\n{help} [{name}]");
        }
    }
    section
}

/// Text that means nothing to the formatter. No line here begins with a dot or a quote.
fn roff(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-")
}
