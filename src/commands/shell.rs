//! `untaken completions` and `untaken man`: both made from the one definition of the command line.

use clap::CommandFactory as _;
use clap_complete::Shell;

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
    String::from_utf8_lossy(&page).into_owned()
}
