//! Pictures that a study brings: decoded once, shown no larger than there is room. One that is
//! broken says so in its place.

use super::page;
use crate::lab::pictures::Album;
use crate::words::Words;
use bevy_egui::egui::{
    Color32, ColorImage, Context, Id, Image, Response, TextureHandle, TextureOptions, Ui, Vec2,
};
use dyad_experiment::text::{Picture, PictureFormat};
use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::{Arc, Mutex, PoisonError};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// The longest side of a texture that every GPU takes.
const LONGEST: usize = 2048;
/// No picture of an honest study has more pixels.
const MOST_PIXELS: usize = 64 * 1024 * 1024;

/// Why a picture cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// It is no PNG, or a broken one.
    #[error(transparent)]
    Png(#[from] png::DecodingError),
    /// It is no JPEG, or a broken one.
    #[error("the JPEG is broken: {0}")]
    Jpeg(String),
    /// It is larger than any that makes sense, or empty.
    #[error("a picture of {0} by {1} pixels is not shown")]
    Size(usize, usize),
}

/// Shows a picture of a study, no larger than `most`; `shows` says it in words.
pub fn show(
    ui: &mut Ui,
    path: &str,
    shows: &str,
    most: Vec2,
    pictures: &Album,
    words: &Words,
) -> Option<Response> {
    match texture(ui.ctx(), path, pictures) {
        Some(texture) => {
            let image = Image::from_texture(&texture).max_size(most).alt_text(shows);
            Some(ui.add(image.maintain_aspect_ratio(true)))
        }
        None => {
            let is_coming = pictures.is_coming(path);
            let why = words.line(if is_coming { "picture-coming" } else { "picture-broken" });
            page::remark(ui, format!("{why} {shows}").trim_end());
            None
        }
    }
}

/// Where each picture is that was decoded, with the bytes that it was decoded from.
type Shelf = Arc<Mutex<BTreeMap<String, (Arc<[u8]>, Option<TextureHandle>)>>>;

/// The texture of a picture, decoded when it is first needed. `None` if it cannot be decoded, or
/// is not there.
#[must_use]
pub fn texture(ctx: &Context, path: &str, pictures: &Album) -> Option<TextureHandle> {
    let picture = pictures.get(path)?;
    let shelf: Shelf = ctx.data_mut(|data| data.get_temp_mut_or_default::<Shelf>(Id::NULL).clone());
    // A shelf is whole between any two of its operations.
    let mut shelf = shelf.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((bytes, texture)) = shelf.get(path)
        && Arc::ptr_eq(bytes, &picture.bytes)
    {
        return texture.clone();
    }
    let texture = match decode(picture) {
        Ok(image) => Some(ctx.load_texture(path, image, TextureOptions::LINEAR)),
        Err(error) => {
            bevy::log::warn!("{path}: {error}");
            None
        }
    };
    shelf.insert(path.to_owned(), (picture.bytes.clone(), texture.clone()));
    texture
}

/// Decodes a picture, and makes it smaller where its sides are longer than a texture's may be.
fn decode(picture: &Picture) -> Result<ColorImage, PictureError> {
    let image = match picture.format {
        PictureFormat::Png => png(&picture.bytes)?,
        PictureFormat::Jpeg => jpeg(&picture.bytes)?,
    };
    Ok(smaller(image))
}

fn check(width: usize, height: usize) -> Result<(), PictureError> {
    let pixels = width.saturating_mul(height);
    let is_good = (1..=MOST_PIXELS).contains(&pixels);
    if is_good { Ok(()) } else { Err(PictureError::Size(width, height)) }
}

fn png(bytes: &[u8]) -> Result<ColorImage, PictureError> {
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info()?;
    let (width, height) = (reader.info().width as usize, reader.info().height as usize);
    check(width, height)?;
    let mut pixels = vec![0; reader.output_buffer_size().unwrap_or_default()];
    let info = reader.next_frame(&mut pixels)?;
    let color = |pixel: &[u8]| match *pixel {
        [grey] => Color32::from_gray(grey),
        [grey, alpha] => Color32::from_rgba_unmultiplied(grey, grey, grey, alpha),
        [r, g, b] => Color32::from_rgb(r, g, b),
        [r, g, b, alpha, ..] => Color32::from_rgba_unmultiplied(r, g, b, alpha),
        [] => Color32::TRANSPARENT,
    };
    let pixels = pixels.chunks_exact(info.color_type.samples()).map(color).collect();
    Ok(ColorImage::new([width, height], pixels))
}

fn jpeg(bytes: &[u8]) -> Result<ColorImage, PictureError> {
    let broken = |error: zune_jpeg::errors::DecodeErrors| PictureError::Jpeg(error.to_string());
    let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(broken)?;
    let (width, height) = decoder.dimensions().unwrap_or_default();
    check(width, height)?;
    let pixels = decoder.decode().map_err(broken)?;
    let pixels: Vec<_> =
        pixels.chunks_exact(3).map(|rgb| Color32::from_rgb(rgb[0], rgb[1], rgb[2])).collect();
    if pixels.len() == width * height {
        Ok(ColorImage::new([width, height], pixels))
    } else {
        Err(PictureError::Jpeg("pixels are missing".to_owned()))
    }
}

/// The mean of each square of pixels, where sides are too long.
fn smaller(image: ColorImage) -> ColorImage {
    let [width, height] = image.size;
    let by = width.max(height).div_ceil(LONGEST);
    if by <= 1 {
        return image;
    }
    let size = [width / by, height / by].map(|side| side.max(1));
    let mut pixels = Vec::with_capacity(size[0] * size[1]);
    for row in 0..size[1] {
        for column in 0..size[0] {
            let mut sum = [0_usize; 4];
            let mut count = 0;
            for y in row * by..((row + 1) * by).min(height) {
                for x in column * by..((column + 1) * by).min(width) {
                    let channels = image.pixels[y * width + x].to_array();
                    sum.iter_mut().zip(channels).for_each(|(sum, it)| *sum += usize::from(it));
                    count += 1;
                }
            }
            let [r, g, b, a] = sum.map(|sum| u8::try_from(sum / count.max(1)).unwrap_or(u8::MAX));
            pixels.push(Color32::from_rgba_premultiplied(r, g, b, a));
        }
    }
    ColorImage::new(size, pixels)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::{PictureError, decode, smaller, texture};
    use crate::lab::pictures::Album;
    use bevy_egui::egui::{Color32, ColorImage, Context};
    use dyad_experiment::text::{Picture, PictureFormat, Pictures};

    /// A JPEG of 16 by 8 pixels, red on the left and blue on the right.
    const JPEG: &[u8] = include_bytes!("../../tests/looks/red-blue.jpg");

    fn png(color: png::ColorType, size: [u32; 2], pixels: &[u8]) -> Picture {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, size[0], size[1]);
        encoder.set_color(color);
        encoder.write_header().unwrap().write_image_data(pixels).unwrap();
        Picture { bytes: bytes.into(), format: PictureFormat::Png }
    }

    /// The same in an album.
    pub(crate) fn album() -> Album {
        pictures().into()
    }

    /// The pictures of a study: keys.png, and one that is broken.
    pub(crate) fn pictures() -> Pictures {
        let keys = include_bytes!("../../assets/experiments/pictures/keys.png");
        let keys = Picture { bytes: keys.as_slice().into(), format: PictureFormat::Png };
        let broken = Picture { bytes: keys.bytes[..200].into(), format: PictureFormat::Png };
        [("keys.png", keys), ("broken.png", broken)]
            .map(|(name, picture)| (name.to_owned(), picture))
            .into()
    }

    #[test]
    fn all_kinds_are_decoded() {
        for (color, pixel, expected) in [
            (png::ColorType::Grayscale, &[7][..], Color32::from_gray(7)),
            (png::ColorType::GrayscaleAlpha, &[9, 0], Color32::TRANSPARENT),
            (png::ColorType::Rgb, &[1, 2, 3], Color32::from_rgb(1, 2, 3)),
            (png::ColorType::Rgba, &[1, 2, 3, 255], Color32::from_rgb(1, 2, 3)),
        ] {
            let image = decode(&png(color, [2, 1], &[pixel, pixel].concat())).unwrap();
            assert_eq!((image.size, image.pixels), ([2, 1], vec![expected; 2]), "{color:?}");
        }
        let image = decode(&Picture { bytes: JPEG.into(), format: PictureFormat::Jpeg }).unwrap();
        assert_eq!(image.size, [16, 8]);
        let (red, blue) = (image.pixels[1], image.pixels[14]);
        assert!(
            red.r() > 200 && red.b() < 60 && blue.b() > 200 && blue.r() < 60,
            "{red:?} {blue:?}"
        );
    }

    #[test]
    fn a_broken_picture_is_an_error_wherever_it_is_cut() {
        let whole = png(png::ColorType::Rgb, [4, 4], &[90; 48]).bytes;
        for cut in 0..whole.len() - 12 {
            let picture = Picture { bytes: whole[..cut].into(), format: PictureFormat::Png };
            assert!(decode(&picture).is_err(), "{cut} of {}", whole.len());
        }
        for cut in 0..100 {
            let picture = Picture { bytes: JPEG[..cut].into(), format: PictureFormat::Jpeg };
            assert!(decode(&picture).is_err(), "{cut} of {}", JPEG.len());
        }
        // A head that promises a picture larger than the memory.
        let mut bytes = whole.to_vec();
        bytes[16..24].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 0]);
        let picture = Picture { bytes: bytes.into(), format: PictureFormat::Png };
        assert!(matches!(decode(&picture), Err(PictureError::Png(_) | PictureError::Size(..))));
    }

    #[test]
    fn one_too_large_for_a_texture_is_made_smaller() {
        let image = ColorImage::filled([5000, 3], Color32::from_rgb(10, 20, 30));
        let small = smaller(image);
        assert_eq!(small.size, [1666, 1]);
        assert!(small.pixels.iter().all(|&pixel| pixel == Color32::from_rgb(10, 20, 30)));
    }

    #[test]
    fn a_picture_is_decoded_once_and_anew_when_it_is_another() {
        let ctx = Context::default();
        let album = album();
        let first = texture(&ctx, "keys.png", &album).unwrap().id();
        assert_eq!(texture(&ctx, "keys.png", &album).unwrap().id(), first);
        assert!(texture(&ctx, "broken.png", &album).is_none());
        assert!(texture(&ctx, "nowhere.png", &album).is_none());
        let mut pictures = pictures();
        let other = png(png::ColorType::Rgb, [1, 1], &[0, 0, 0]);
        pictures.insert("keys.png".to_owned(), other);
        let texture = texture(&ctx, "keys.png", &pictures.into()).unwrap();
        assert_eq!(texture.size(), [1, 1]);
    }
}
