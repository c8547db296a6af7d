//! What the terminal can show, and whether the mouse gets through.

use std::io::{self, IsTerminal as _};
use std::process::{Command, Stdio};

use super::Check;
use crate::app::settings::Colours;
use crate::runtime::clipboard::Multiplexer;
use crate::runtime::surroundings::Surroundings;
use crate::settings::Settings;

/// Looks at what the environment says of the terminal. Nothing is written to it.
#[must_use]
pub fn terminal(settings: &Settings) -> Vec<Check> {
    let around = Surroundings::of_process();
    vec![
        colours(settings, &around, io::stdout().is_terminal()),
        mouse(settings, &around, tmux_mouse),
    ]
}

fn colours(settings: &Settings, around: &Surroundings, is_terminal: bool) -> Check {
    const NAME: &str = "terminal";
    let term = around.term.as_deref().unwrap_or_default();
    if term == "dumb" {
        return Check::wrong(
            NAME,
            "TERM=dumb: the cursor cannot be moved, so there is no explorer",
            "use another terminal; gaps, check, diff and close work here",
        );
    }
    let look = around.look(settings.ui.theme);
    let colours = match look.colours {
        Colours::None => "no colours",
        Colours::Sixteen => "16 colours",
        Colours::Palette => "256 colours",
        Colours::Full => "all colours",
    };
    let mut says = format!(
        "{}TERM={term}, {colours}, {}",
        if is_terminal {
            ""
        } else {
            "standard output is none now; "
        },
        if look.ascii {
            "ASCII signs only"
        } else {
            "all signs"
        }
    );
    if term.is_empty() {
        return Check::note(
            NAME,
            says.replace("TERM=,", "TERM is not set,"),
            "set TERM to what the terminal is, such as xterm-256color",
        );
    }
    if around.no_color.is_some() {
        says.push_str(" (NO_COLOR is set)");
        return Check::ok(NAME, says);
    }
    if look.ascii {
        return Check::note(NAME, says, "set a UTF-8 locale, such as LANG=C.UTF-8");
    }
    if look.colours == Colours::Sixteen {
        return Check::note(
            NAME,
            says,
            "set COLORTERM=truecolor, or a TERM that ends in -256color, if the terminal can do more",
        );
    }
    Check::ok(NAME, says)
}

fn mouse(
    settings: &Settings,
    around: &Surroundings,
    tmux_mouse: impl FnOnce() -> Option<bool>,
) -> Check {
    const NAME: &str = "mouse";
    if !settings.ui.mouse {
        return Check::ok(NAME, "left to the terminal: mouse = false under [ui]");
    }
    if around.tmux.is_some() {
        return match tmux_mouse() {
            Some(true) => Check::ok(NAME, "on, and tmux lets it through"),
            Some(false) => Check::note(
                NAME,
                "on, but tmux keeps it",
                "tmux set -g mouse on, and the same line in ~/.tmux.conf",
            ),
            None => Check::unknown(
                NAME,
                "on; tmux did not say whether it lets it through",
                "tmux show-options -gv mouse",
            ),
        };
    }
    if around.multiplexer() == Multiplexer::Screen {
        return Check::note(
            NAME,
            "on, but screen passes on presses at most",
            "use the keys, or tmux",
        );
    }
    Check::ok(
        NAME,
        "on; hold shift to select text as the terminal does it",
    )
}

fn tmux_mouse() -> Option<bool> {
    let asked = Command::new("tmux")
        .args(["show-options", "-gv", "mouse"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    match asked.stdout.trim_ascii() {
        b"on" => Some(true),
        b"off" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::checkup::CheckState;
    use crate::settings::Theme;

    fn settings() -> Settings {
        let mut settings = Settings::defaults("/".into());
        settings.ui.theme = Theme::Dark;
        settings
    }

    fn around(term: &str) -> Surroundings {
        Surroundings {
            term: Some(term.into()),
            locale: Some("C.UTF-8".into()),
            ..Surroundings::default()
        }
    }

    #[test]
    fn few_colours_and_no_cursor_are_said_with_what_to_do() {
        let state = |around: &Surroundings| {
            let check = colours(&settings(), around, true);
            assert_eq!(
                check.todo.is_some(),
                check.state != CheckState::Ok,
                "{check:?}"
            );
            check.state
        };
        assert_eq!(state(&around("xterm-256color")), CheckState::Ok);
        assert_eq!(state(&around("vt220")), CheckState::Note);
        assert_eq!(state(&around("dumb")), CheckState::Wrong);
        let mut latin = around("xterm-256color");
        latin.locale = Some("C".into());
        assert_eq!(state(&latin), CheckState::Note);
        let mut none = around("vt220");
        none.no_color = Some("1".into());
        assert_eq!(state(&none), CheckState::Ok);
    }

    #[test]
    fn the_mouse_of_tmux_is_asked_for() {
        let mut inside = around("tmux-256color");
        inside.tmux = Some("/tmp/tmux".into());
        assert_eq!(
            mouse(&settings(), &inside, || Some(true)).state,
            CheckState::Ok
        );
        assert!(
            mouse(&settings(), &inside, || Some(false))
                .todo
                .unwrap()
                .contains("mouse on")
        );
        let outside = around("xterm-256color");
        let never = || panic!("tmux is asked for nothing");
        assert_eq!(mouse(&settings(), &outside, never).state, CheckState::Ok);
    }
}
