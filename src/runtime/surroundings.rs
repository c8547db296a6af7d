//! What the environment says about the terminal and its person: read once, at the start.
//!
//! Everything else that wants a variable gets it from here, so that tests hand in their own.

use super::clipboard::Multiplexer;
use crate::app::settings::{Colours, Look, ThemeName};
use crate::settings::Theme;

/// Values of environment variables; `None` for what is not set or is no UTF-8.
#[derive(Clone, Debug, Default)]
pub(super) struct Surroundings {
    pub(super) term: Option<String>,
    pub(super) term_program: Option<String>,
    pub(super) colorterm: Option<String>,
    pub(super) colorfgbg: Option<String>,
    pub(super) no_color: Option<String>,
    pub(super) tmux: Option<String>,
    /// The first of `LC_ALL`, `LC_CTYPE` and `LANG` that is set.
    pub(super) locale: Option<String>,
    pub(super) visual: Option<String>,
    pub(super) editor: Option<String>,
}

impl Surroundings {
    /// Those of this process.
    #[must_use]
    pub(super) fn of_process() -> Self {
        let value = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self {
            term: value("TERM"),
            term_program: value("TERM_PROGRAM"),
            colorterm: value("COLORTERM"),
            colorfgbg: value("COLORFGBG"),
            no_color: value("NO_COLOR"),
            tmux: value("TMUX"),
            locale: ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(value),
            visual: value("VISUAL"),
            editor: value("EDITOR"),
        }
    }

    #[must_use]
    pub(super) fn multiplexer(&self) -> Multiplexer {
        Multiplexer::of(self.tmux.as_deref(), self.term.as_deref())
    }

    /// How the program may look here.
    #[must_use]
    pub(super) fn look(&self, theme: Theme) -> Look {
        Look {
            theme: match theme {
                Theme::Light => ThemeName::Light,
                Theme::Ansi => ThemeName::Ansi,
                Theme::ColourBlind => ThemeName::ColourBlind,
                Theme::Auto if self.is_light() == Some(true) => ThemeName::Light,
                Theme::Auto if self.colours() == Colours::Sixteen => ThemeName::Ansi,
                Theme::Dark | Theme::Auto => ThemeName::Dark,
            },
            colours: self.colours(),
            ascii: self.is_ascii(),
        }
    }

    /// <https://no-color.org>, then what terminals say of themselves.
    fn colours(&self) -> Colours {
        let term = self.term.as_deref().unwrap_or_default();
        let program = self.term_program.as_deref().unwrap_or_default();
        let says_full = |value: &str| matches!(value, "truecolor" | "24bit");
        if self.no_color.is_some() {
            Colours::None
        } else if self.colorterm.as_deref().is_some_and(says_full)
            || term.ends_with("-direct")
            || ["kitty", "alacritty", "ghostty", "wezterm", "foot"]
                .iter()
                .any(|name| term.contains(name))
            || ["iTerm.app", "WezTerm", "ghostty", "vscode"].contains(&program)
        {
            Colours::Full
        } else if term.contains("256color") {
            Colours::Palette
        } else {
            Colours::Sixteen
        }
    }

    /// Whether the terminal has to be asked for its background before the theme is known. The Linux console
    /// and screen would show the question, or swallow it.
    #[must_use]
    pub(super) fn must_ask_for_background(&self, theme: Theme) -> bool {
        let term = self.term.as_deref().unwrap_or_default();
        let knows = self.multiplexer() != Multiplexer::Screen
            && !["linux", "vt100", "vt220", "ansi"].contains(&term);
        theme == Theme::Auto && self.is_light().is_none() && self.no_color.is_none() && knows
    }

    /// Whether the background is light, where `COLORFGBG` tells (rxvt, Konsole and others: `15;0`).
    #[must_use]
    pub(super) fn is_light(&self) -> Option<bool> {
        let background: u8 = self
            .colorfgbg
            .as_deref()?
            .rsplit(';')
            .next()?
            .parse()
            .ok()?;
        match background {
            0..=6 | 8 => Some(false),
            7 | 9..=15 => Some(true),
            _ => None,
        }
    }

    /// A locale that is set and is not UTF-8, or the Linux console with its 512 glyphs.
    fn is_ascii(&self) -> bool {
        let other_locale = self.locale.as_deref().is_some_and(|locale| {
            let locale = locale.to_lowercase();
            !(locale.contains("utf-8") || locale.contains("utf8"))
        });
        other_locale || self.term.as_deref() == Some("linux")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(change: impl FnOnce(&mut Surroundings)) -> Look {
        let mut around = Surroundings {
            term: Some("xterm-256color".into()),
            locale: Some("en_GB.UTF-8".into()),
            ..Surroundings::default()
        };
        change(&mut around);
        around.look(Theme::Auto)
    }

    #[test]
    fn colours_are_as_many_as_the_terminal_says() {
        assert_eq!(with(|_| ()).colours, Colours::Palette);
        assert_eq!(
            with(|it| it.colorterm = Some("truecolor".into())).colours,
            Colours::Full
        );
        assert_eq!(
            with(|it| it.term = Some("xterm-kitty".into())).colours,
            Colours::Full
        );
        assert_eq!(
            with(|it| it.term = Some("vt220".into())).colours,
            Colours::Sixteen
        );
        let none = with(|it| {
            it.colorterm = Some("truecolor".into());
            it.no_color = Some("1".into());
        });
        assert_eq!(none.colours, Colours::None);
    }

    #[test]
    fn the_background_tells_the_theme_and_a_setting_overrules_it() {
        let light = |it: &mut Surroundings| it.colorfgbg = Some("0;default;15".into());
        assert_eq!(with(light).theme, ThemeName::Light);
        assert_eq!(
            with(|it| it.colorfgbg = Some("15;0".into())).theme,
            ThemeName::Dark
        );
        assert_eq!(with(|_| ()).theme, ThemeName::Dark);
        let mut around = Surroundings::default();
        light(&mut around);
        assert_eq!(
            around.look(Theme::ColourBlind).theme,
            ThemeName::ColourBlind
        );
    }

    #[test]
    fn a_terminal_is_asked_for_its_background_only_where_that_counts() {
        let mut around = Surroundings {
            term: Some("xterm-256color".into()),
            ..Surroundings::default()
        };
        assert!(around.must_ask_for_background(Theme::Auto));
        assert!(!around.must_ask_for_background(Theme::Dark));
        around.colorfgbg = Some("0;15".into());
        assert!(!around.must_ask_for_background(Theme::Auto));
        around.colorfgbg = None;
        around.term = Some("linux".into());
        assert!(!around.must_ask_for_background(Theme::Auto));
    }

    #[test]
    fn ascii_where_the_locale_or_the_terminal_cannot_do_more() {
        assert!(!with(|_| ()).ascii);
        assert!(!with(|it| it.locale = None).ascii);
        assert!(with(|it| it.locale = Some("C".into())).ascii);
        assert!(with(|it| it.locale = Some("de_DE.ISO-8859-1".into())).ascii);
        assert!(with(|it| it.term = Some("linux".into())).ascii);
        assert!(!with(|it| it.locale = Some("C.UTF-8".into())).ascii);
    }
}
