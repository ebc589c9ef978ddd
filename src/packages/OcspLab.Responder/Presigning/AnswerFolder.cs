using OcspLab.Ocsp.Responses;
using OcspLab.Responder.Authorities;

namespace OcspLab.Responder.Presigning;

/// <summary>
/// Answers as files, each where a GET asks for it (RFC 6960 appendix A): the question in base64, whose slashes are
/// folders. Any web server that serves the folder is a responder for them; a file's time is the answer's thisUpdate.
/// </summary>
/// <param name="path">The folder; made when it is missing.</param>
internal sealed class AnswerFolder(string path) : IAnswerStore
{
    private readonly string _path = Path.GetFullPath(path);

    /// <inheritdoc/>
    public string Name => path;

    /// <inheritdoc/>
    public void Save(ReadOnlySpan<byte> question, ReadOnlySpan<byte> answer, DateTimeOffset thisUpdate)
    {
        try
        {
            var file = FileOf(question);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            // Named after its time: the file's own is soon another one.
            var unfinished = Path.Combine(_path, Unfinished + Guid.CreateVersion7(TimeProvider.System.GetUtcNow()));
            File.WriteAllBytes(unfinished, answer);
            File.SetLastWriteTimeUtc(unfinished, thisUpdate.UtcDateTime);
            File.Move(unfinished, file, overwrite: true);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new IOException(exception.Message, exception);
        }
    }

    /// <inheritdoc/>
    public void Remove(ReadOnlySpan<byte> question)
    {
        try
        {
            File.Delete(FileOf(question));
        }
        catch (DirectoryNotFoundException)
        {
            // There is none.
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new IOException(exception.Message, exception);
        }
    }

    /// <inheritdoc/>
    public IEnumerable<(byte[] Question, byte[] Answer)> ReadAll()
    {
        foreach (var file in Files("*", SearchOption.AllDirectories))
        {
            if (!IsUnfinished(file) && ReadIfThere(file) is { } answer && QuestionOf(file, answer) is { } question)
                yield return (question, answer);
        }
    }

    /// <inheritdoc/>
    public void RemoveUnfinished()
    {
        // Another responder may be writing one at this moment.
        var recent = Unfinished + Guid.CreateVersion7(TimeProvider.System.GetUtcNow() - LongestWrite);
        foreach (var file in Files(Unfinished + "*", SearchOption.TopDirectoryOnly))
        {
            if (string.CompareOrdinal(Path.GetFileName(file), recent) < 0)
                File.Delete(file);
        }
    }

    private IEnumerable<string> Files(string pattern, SearchOption depth)
    {
        IEnumerator<string> files;
        try
        {
            Directory.CreateDirectory(_path);
            files = Directory.EnumerateFiles(_path, pattern, depth).GetEnumerator();
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new IOException(exception.Message, exception);
        }

        using (files)
        {
            while (files.MoveNext())
                yield return files.Current;
        }
    }

    private static byte[]? ReadIfThere(string file)
    {
        try
        {
            return File.ReadAllBytes(file);
        }
        catch (FileNotFoundException)
        {
            // Its certificate has changed since the folder was listed.
            return null;
        }
    }

    private static bool IsUnfinished(string file) =>
        Path.GetFileName(file).StartsWith(Unfinished, StringComparison.Ordinal);

    private string FileOf(ReadOnlySpan<byte> question) =>
        Path.Combine([_path, .. Convert.ToBase64String(question).Split('/', StringSplitOptions.RemoveEmptyEntries)]);

    // Of slashes in a row a path has one only: what the answer is about tells how many there were.
    private byte[]? QuestionOf(string file, byte[] answer)
    {
        if (
            OcspResponse.TryDecode(answer, out var response, out _)
            && response.Basic is { Responses: [{ CertId: { } id }] }
            && Authority.Question(id, null) is var asked
            && FileOf(asked) == file
        )
            return asked;
        var text = Path.GetRelativePath(_path, file).Replace(Path.DirectorySeparatorChar, '/');
        var question = new byte[text.Length];
        return Convert.TryFromBase64String(text, question, out var length) ? question[..length] : null;
    }

    private const string Unfinished = ".unfinished-";
    private static readonly TimeSpan LongestWrite = TimeSpan.FromHours(1);
}
