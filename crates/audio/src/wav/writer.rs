//! Writes WAV files that are whole after every checkpoint, and makes those whole whose writer was
//! killed.

use std::io::{self, Read, Seek, SeekFrom, Write};

use super::u32_at;

/// Bytes before the sound in a file of [`Writer`].
pub const HEADER_BYTES: u64 = 44;

/// The most bytes of sound that a file of [`Writer`] takes: its sizes have 32 bits.
pub const DATA_BYTES_MAX: u64 = 0xffff_ff00;

/// Writes 16-bit sound of one or two channels.
///
/// The header says after each [`checkpoint`](Self::checkpoint) how much sound there is. Whatever
/// came after the last one is there too when the writer is killed, and [`repair`] has it counted;
/// players play up to the last checkpoint, or all of it.
pub struct Writer<W: Write + Seek> {
    inner: hound::WavWriter<W>,
    channels: u16,
    bytes: u64,
}

impl<W: Write + Seek> Writer<W> {
    /// Writes the header of a file of two channels without sound.
    ///
    /// # Errors
    /// As of `out`.
    pub fn new(out: W, rate: u32) -> io::Result<Self> {
        Self::with_channels(out, rate, 2)
    }

    /// Writes the header of a file of one channel without sound.
    ///
    /// # Errors
    /// As of `out`.
    pub fn mono(out: W, rate: u32) -> io::Result<Self> {
        Self::with_channels(out, rate, 1)
    }

    fn with_channels(out: W, rate: u32, channels: u16) -> io::Result<Self> {
        let spec = hound::WavSpec {
            channels,
            sample_rate: rate,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut inner = hound::WavWriter::new(out, spec).map_err(into_io)?;
        inner.flush().map_err(into_io)?;
        Ok(Self { inner, channels, bytes: 0 })
    }

    /// Adds frames, of two channels left and right in turn. A right sample that is missing at the
    /// end is silent.
    ///
    /// # Errors
    /// As of the output; [`io::ErrorKind::FileTooLarge`] when the file has the
    /// [most](DATA_BYTES_MAX) it can have.
    pub fn write(&mut self, frames: &[i16]) -> io::Result<()> {
        let samples = frames.len().next_multiple_of(self.channels.into());
        let after = self.bytes + samples as u64 * 2;
        let (Ok(count), true) = (u32::try_from(samples), after <= DATA_BYTES_MAX) else {
            return Err(io::ErrorKind::FileTooLarge.into());
        };
        let mut block = self.inner.get_i16_writer(count);
        for &sample in frames {
            block.write_sample(sample);
        }
        if frames.len() < samples {
            block.write_sample(0_i16);
        }
        block.flush().map_err(into_io)?;
        self.bytes = after;
        Ok(())
    }

    /// Has the header say how much there is, and flushes the output.
    ///
    /// # Errors
    /// As of the output.
    pub fn checkpoint(&mut self) -> io::Result<()> {
        self.inner.flush().map_err(into_io)
    }

    /// The last checkpoint.
    ///
    /// # Errors
    /// As of the output.
    pub fn finish(self) -> io::Result<()> {
        self.inner.finalize().map_err(into_io)
    }
}

fn into_io(error: hound::Error) -> io::Error {
    if let hound::Error::IoError(error) = error {
        return error;
    }
    io::Error::other(error)
}

/// What a file of [`Writer`] is once it has been repaired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repaired {
    /// The length to which the file is to be cut, bytes: half a frame may follow.
    pub bytes: u64,
    /// Its sound, ms.
    pub duration_ms: u64,
}

/// Has the header of a file of [`Writer`] say how much sound is in it.
///
/// # Errors
/// As of the file; [`io::ErrorKind::InvalidData`] when it does not begin as such a file does.
pub fn repair<F: Read + Write + Seek>(file: &mut F) -> io::Result<Repaired> {
    let mut header = [0; HEADER_BYTES as usize];
    file.seek(SeekFrom::Start(0))?;
    file.read_exact(&mut header).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
    let rate = u32_at(&header, 24).unwrap_or(0);
    let is_ours = header.starts_with(b"RIFF")
        && &header[8..16] == b"WAVEfmt "
        && header[20..22] == [1, 0]
        && matches!(header[22..24], [1 | 2, 0])
        && &header[36..40] == b"data"
        && rate > 0;
    if !is_ours {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let frame = 2 * u64::from(header[22]);
    let length = file.seek(SeekFrom::End(0))?;
    let data = (length.saturating_sub(HEADER_BYTES)).min(DATA_BYTES_MAX) / frame * frame;
    // Both fit: DATA_BYTES_MAX leaves room for the header.
    let sizes = [data + HEADER_BYTES - 8, data].map(|size| (size as u32).to_le_bytes());
    for (at, size) in [4, 40].into_iter().zip(sizes) {
        if header[at..at + 4] != size {
            file.seek(SeekFrom::Start(at as u64))?;
            file.write_all(&size)?;
        }
    }
    file.flush()?;
    Ok(Repaired { bytes: HEADER_BYTES + data, duration_ms: data / frame * 1_000 / u64::from(rate) })
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn a_file_has_an_end() {
        let mut out = Cursor::new(Vec::new());
        let mut writer = Writer::new(&mut out, 8_000).unwrap();
        writer.bytes = DATA_BYTES_MAX - 4;
        writer.write(&[1, 2]).unwrap();
        assert_eq!(writer.write(&[1, 2]).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }
}
