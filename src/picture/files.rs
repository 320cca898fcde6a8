//! Pictures as files: PNG for one, GIF for many in a row.

use super::raster::Picture;
use color_quant::NeuQuant;
use std::collections::HashMap;
use std::io::{self, Write};
use std::time::Duration;

/// Writes a picture as PNG.
///
/// # Errors
/// If it cannot be written.
pub fn write_png(picture: &Picture, out: impl Write) -> io::Result<()> {
    let [width, height] = picture.size().map(|side| u32::try_from(side).unwrap_or(u32::MAX));
    let mut encoder = png::Encoder::new(out, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&picture.rgb())?;
    Ok(writer.finish()?)
}

/// Why an animation cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum AnimationError {
    /// The file cannot be written, or not as a GIF.
    #[error(transparent)]
    File(#[from] gif::EncodingError),
    /// GIF counts sides in sixteen bits.
    #[error("a picture of {0} by {1} pixels is too large for a GIF")]
    Size(usize, usize),
}

/// The colours of an animation, at most 256.
pub struct Palette {
    network: NeuQuant,
    /// Which of them is nearest to a colour: pictures repeat theirs.
    nearest: HashMap<[u8; 3], u8>,
}

/// From 1 to 30: how much slower colours are chosen better.
const CHOICE_OF_COLOURS: i32 = 10;

impl Palette {
    /// Colours that suit all of these pictures.
    #[must_use]
    pub fn of(pictures: &[Picture]) -> Self {
        let pixels = pictures.iter().flat_map(Picture::rgb).collect::<Vec<u8>>();
        let opaque = |pixel: &[u8]| [pixel[0], pixel[1], pixel[2], u8::MAX];
        let pixels: Vec<u8> = pixels.chunks_exact(3).flat_map(opaque).collect();
        Self { network: NeuQuant::new(CHOICE_OF_COLOURS, 256, &pixels), nearest: HashMap::new() }
    }

    fn nearest(&mut self, color: [u8; 3]) -> u8 {
        let [r, g, b] = color;
        let network = &self.network;
        *self.nearest.entry(color).or_insert_with(|| {
            u8::try_from(network.index_of(&[r, g, b, u8::MAX])).unwrap_or_default()
        })
    }
}

/// Pictures in a row, written as an animated GIF that repeats.
pub struct Animation<W: Write> {
    encoder: gif::Encoder<W>,
    palette: Palette,
    last: Option<Picture>,
    /// The change that waits to be written until it is known how long it is shown.
    pending: Option<gif::Frame<'static>>,
    /// Hundredths of a second that are written.
    written: u64,
}

impl<W: Write> Animation<W> {
    /// An animation of pictures of this size, in these colours.
    ///
    /// # Errors
    /// [`AnimationError`].
    pub fn new(
        out: W,
        [width, height]: [u32; 2],
        palette: Palette,
    ) -> Result<Self, AnimationError> {
        let (Ok(wide), Ok(high)) = (u16::try_from(width), u16::try_from(height)) else {
            return Err(AnimationError::Size(width as usize, height as usize));
        };
        let mut encoder = gif::Encoder::new(out, wide, high, &palette.network.color_map_rgb())?;
        encoder.set_repeat(gif::Repeat::Infinite)?;
        Ok(Self { encoder, palette, last: None, pending: None, written: 0 })
    }

    /// Shows a picture from a moment on. Only what differs from the one before is written.
    ///
    /// # Errors
    /// [`AnimationError`].
    pub fn show(&mut self, picture: Picture, at: Duration) -> Result<(), AnimationError> {
        let [width, height] = picture.size();
        let changed = match &self.last {
            None => Some([0, 0, width, height]),
            Some(last) => picture.difference(last),
        };
        let Some(changed @ [left, top, width, height]) = changed else { return Ok(()) };
        self.write_pending(at)?;
        let side = |side: usize| u16::try_from(side).unwrap_or(u16::MAX);
        let rgb = picture.part(changed).rgb();
        let nearest = |pixel: &[u8]| self.palette.nearest([pixel[0], pixel[1], pixel[2]]);
        let indices: Vec<u8> = rgb.chunks_exact(3).map(nearest).collect();
        let mut frame = gif::Frame::from_indexed_pixels(side(width), side(height), indices, None);
        (frame.left, frame.top) = (side(left), side(top));
        self.pending = Some(frame);
        self.last = Some(picture);
        Ok(())
    }

    fn write_pending(&mut self, until: Duration) -> Result<(), AnimationError> {
        let Some(mut frame) = self.pending.take() else { return Ok(()) };
        // Rounded from the beginning, so that roundings don't add up.
        let until = u64::try_from(until.as_millis() / 10).unwrap_or(u64::MAX);
        let delay = until.saturating_sub(self.written);
        frame.delay = u16::try_from(delay).unwrap_or(u16::MAX);
        self.written += u64::from(frame.delay);
        Ok(self.encoder.write_frame(&frame)?)
    }

    /// Ends it at a moment.
    ///
    /// # Errors
    /// [`AnimationError`].
    pub fn finish(mut self, at: Duration) -> Result<(), AnimationError> {
        self.write_pending(at)
    }
}

#[cfg(test)]
mod tests {
    use super::{Animation, Palette, Picture, write_png};
    use bevy_egui::egui::Color32;
    use std::time::Duration;

    const SIZE: [u32; 2] = [30, 20];

    fn plain(color: Color32) -> Picture {
        Picture::new(SIZE, color)
    }

    #[test]
    fn a_png_is_read_back() {
        let mut bytes = Vec::new();
        write_png(&plain(Color32::from_rgb(1, 2, 3)), &mut bytes).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!([info.width, info.height], SIZE);
        assert!(pixels.chunks_exact(3).all(|pixel| pixel == [1, 2, 3]));
    }

    #[test]
    fn an_animation_shows_each_change_for_its_time() {
        let ms = Duration::from_millis;
        let (red, blue) = (Color32::from_rgb(250, 0, 0), Color32::from_rgb(0, 0, 250));
        let palette = Palette::of(&[plain(red), plain(blue)]);
        let mut bytes = Vec::new();
        let mut animation = Animation::new(&mut bytes, SIZE, palette).unwrap();
        for (at, color) in [(0, red), (33, red), (67, blue), (100, red)] {
            animation.show(plain(color), ms(at)).unwrap();
        }
        animation.finish(ms(1000)).unwrap();
        let mut options = gif::DecodeOptions::new();
        options.set_color_output(gif::ColorOutput::RGBA);
        let mut reader = options.read_info(bytes.as_slice()).unwrap();
        let mut shown = Vec::new();
        while let Some(frame) = reader.read_next_frame().unwrap() {
            let is_red = frame.buffer[0] > 200 && frame.buffer[2] < 50;
            shown.push((is_red, frame.delay));
        }
        assert_eq!(shown, [(true, 6), (false, 4), (true, 90)]);
    }
}
