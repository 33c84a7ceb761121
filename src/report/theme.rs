//! All sizes and colours, once.

use crate::judge::State;

use super::figure::{Dash, Hue, Weight};

/// Red, green and blue.
pub type Rgb = (u8, u8, u8);

/// A colour on light and on dark ground.
#[derive(Clone, Copy, Debug)]
pub struct Colour {
    /// On light ground; pictures always have it.
    pub light: Rgb,
    /// On dark ground.
    pub dark: Rgb,
}

/// Ground of pictures.
pub const GROUND: Rgb = (255, 255, 255);

/// The colour of a name.
pub const fn colour(hue: Hue) -> Colour {
    let (light, dark) = match hue {
        Hue::Ink => ((29, 33, 38), (226, 230, 235)),
        Hue::Muted => ((104, 112, 122), (158, 167, 178)),
        Hue::Grid => ((222, 226, 230), (58, 64, 72)),
        // Okabe and Ito (2008), a little darker on light ground where theirs has too little contrast for a thin line.
        Hue::Blue => ((0, 114, 178), (90, 175, 235)),
        Hue::Sky => ((60, 160, 215), (140, 212, 250)),
        Hue::Green => ((0, 140, 104), (46, 190, 146)),
        Hue::Orange => ((214, 140, 0), (240, 172, 44)),
        Hue::Vermilion => ((213, 94, 0), (250, 134, 58)),
        Hue::Purple => ((184, 96, 148), (226, 150, 192)),
    };
    Colour { light, dark }
}

/// The colour of a state.
pub const fn state(state: State) -> Hue {
    match state {
        State::Learned => Hue::Green,
        State::Unpredictable => Hue::Blue,
        State::Memorised => Hue::Purple,
        State::Shrunk => Hue::Orange,
        State::Mismatch => Hue::Vermilion,
        State::Undertrained => Hue::Sky,
        State::Partial => Hue::Orange,
        State::Collapsed => Hue::Vermilion,
        State::Diverged => Hue::Ink,
        State::Undecided => Hue::Muted,
    }
}

/// The dash of a state, as second cue beside its colour: states of one colour, or of two that are near each other, differ.
pub const fn state_dash(state: State) -> Dash {
    match state {
        State::Learned | State::Memorised | State::Shrunk => Dash::Solid,
        State::Undertrained | State::Mismatch | State::Undecided => Dash::Dotted,
        // Diverged is not dotted: that, in the same colour, is a reference line.
        State::Unpredictable | State::Partial | State::Diverged => Dash::DashDot,
        State::Collapsed => Dash::Dashed,
    }
}

/// `#rrggbb`, in capitals as plotters writes it, so that the style sheet can find it.
pub fn hex((red, green, blue): Rgb) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}

/// Strokes and gaps along a line \[px\]; empty for an unbroken one.
pub const fn dashes(dash: Dash) -> &'static [f64] {
    match dash {
        Dash::Solid => &[],
        Dash::Dashed => &[9.0, 4.0],
        Dash::Dotted => &[2.0, 3.5],
        Dash::DashDot => &[10.0, 3.5, 2.0, 3.5],
    }
}

/// Width of a line \[px\].
pub const fn line_width(weight: Weight) -> f64 {
    match weight {
        Weight::Thin => 1.0,
        Weight::Bold => 2.0,
    }
}

/// Opacity of a line in the background.
pub const THIN_OPACITY: f64 = 0.6;
/// Opacity of an area between lines.
pub const BAND_OPACITY: f64 = 0.25;
/// Opacity of a dot: many lie on each other.
pub const DOT_OPACITY: f64 = 0.55;
/// Radius of a dot \[px\].
pub const DOT_RADIUS: f64 = 2.6;

/// Size of ordinary text in a figure \[px\].
pub const TEXT: f64 = 13.0;
/// Size of a panel's title \[px\].
pub const PANEL_TITLE: f64 = 14.0;
/// Size of the title on a picture that stands alone \[px\].
pub const TITLE: f64 = 17.0;

/// Width of a figure on a page \[px\].
pub const WIDE: f64 = 880.0;
/// Width of a figure on a telephone, and of the picture beside the verdict \[px\].
pub const NARROW: f64 = 360.0;
/// Height of the plot of a panel that has the width of the figure \[px\].
pub const TALL_PLOT: f64 = 260.0;
/// Height of the plot of other panels \[px\].
pub const PLOT: f64 = 200.0;
/// Height of one lane \[px\].
pub const LANE: f64 = 22.0;
/// Height of one named row \[px\].
pub const ROW: f64 = 28.0;
/// Between panels, and around the picture \[px\].
pub const GUTTER: f64 = 28.0;
/// Around a picture that stands alone \[px\].
pub const MARGIN: f64 = 20.0;

/// Pixels of a PNG for each pixel on screen, for screens with high resolution.
pub const PNG_SCALE: f64 = 2.0;
/// How far letters of a picture sink below where plotters puts them, in ems: it takes the middle of the line for that of
/// the letters.
pub const PNG_SINK: f64 = 0.12;
/// Units of an SVG for each pixel on screen: plotters has whole numbers only, which would make thin lines ragged.
pub const SVG_SCALE: f64 = 4.0;

/// The style rules that give figures their colours on dark ground.
pub fn style_sheet() -> String {
    let rules = |choose: fn(Colour) -> Rgb| {
        Hue::ALL
            .iter()
            .map(|hue| {
                let (key, value) = (hex(colour(*hue).light), hex(choose(colour(*hue))));
                format!("svg [fill=\"{key}\"]{{fill:{value}}}svg [stroke=\"{key}\"]{{stroke:{value}}}\n")
            })
            .collect::<String>()
    };
    let variables = |choose: fn(Colour) -> Rgb| {
        Hue::ALL.iter().map(|hue| format!("--{}:{};", name(*hue), hex(choose(colour(*hue))))).collect::<String>()
    };
    let light = variables(|colour| colour.light);
    let dark = variables(|colour| colour.dark);
    format!(
        ":root{{{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}\n{}}}\n",
        rules(|colour| colour.dark)
    )
}

/// The name of a colour in the style sheet.
pub const fn name(hue: Hue) -> &'static str {
    match hue {
        Hue::Ink => "ink",
        Hue::Muted => "muted",
        Hue::Grid => "grid",
        Hue::Blue => "blue",
        Hue::Sky => "sky",
        Hue::Green => "green",
        Hue::Orange => "orange",
        Hue::Vermilion => "vermilion",
        Hue::Purple => "purple",
    }
}

/// Radius and opacity of so many dots: a few are looks at something and each counts, many are a cloud.
pub fn dots(count: usize) -> (f64, f64) {
    const FEW: usize = 12;
    if count <= FEW { (1.7 * DOT_RADIUS, 1.0) } else { (DOT_RADIUS, DOT_OPACITY) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(rgb: Rgb) -> f64 {
        let linear = |channel: u8| {
            let share = f64::from(channel) / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(rgb.0) + 0.7152 * linear(rgb.1) + 0.0722 * linear(rgb.2)
    }

    fn contrast(one: Rgb, other: Rgb) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    /// WCAG 2.1: 4.5 for text (1.4.3). Its 3 for graphics (1.4.11) is held by all lines but two that are never alone:
    /// they carry a dash and a label as well, and are held to 2.4.
    #[test]
    fn colours_have_contrast_on_both_grounds() {
        let dark_ground = (22, 25, 29);
        for hue in Hue::ALL {
            let least = match hue {
                Hue::Ink | Hue::Muted => 4.5,
                Hue::Grid => 1.1,
                Hue::Sky | Hue::Orange => 2.4,
                Hue::Blue | Hue::Green | Hue::Vermilion | Hue::Purple => 3.0,
            };
            let Colour { light, dark } = colour(hue);
            assert!(contrast(light, GROUND) >= least, "{hue:?} on light: {}", contrast(light, GROUND));
            assert!(contrast(dark, dark_ground) >= least, "{hue:?} on dark: {}", contrast(dark, dark_ground));
        }
    }

    #[test]
    fn every_colour_is_unique_so_that_the_style_sheet_can_tell_them() {
        for one in Hue::ALL {
            for other in Hue::ALL {
                assert!(one == other || colour(one).light != colour(other).light);
            }
        }
    }

    #[test]
    fn no_two_states_look_alike() {
        let alike = |one: Hue, other: Hue| {
            let near = [[Hue::Blue, Hue::Sky], [Hue::Orange, Hue::Vermilion], [Hue::Ink, Hue::Muted]];
            one == other || near.iter().any(|pair| pair.contains(&one) && pair.contains(&other))
        };
        for one in State::ALL {
            for other in State::ALL.into_iter().filter(|other| *other != one) {
                let dashes = state_dash(one) != state_dash(other);
                assert!(dashes || !alike(state(one), state(other)), "{one:?} and {other:?}");
            }
        }
    }
}
