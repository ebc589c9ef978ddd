using System.Text.RegularExpressions;
using OcspLab.Testing;

namespace OcspLab.ArchitectureTests;

/// <summary>What the pages refer to within the repository is there: the file, and the heading in it.</summary>
public sealed partial class LinkTests
{
    [Fact]
    public void Every_link_of_a_page_leads_to_a_file_and_its_heading()
    {
        var links =
            from page in House.Files("*.md")
            from Match match in Link().Matches(File.ReadAllText(Path.Combine(Repository.Root, page)))
            let target = match.Groups[1].Value
            where !target.Contains("://", StringComparison.Ordinal)
            select (Page: page, Target: target);
        Assert.NotEmpty(links);
        Assert.All(links, link => Assert.True(Leads(link.Page, link.Target), $"{link.Page}: {link.Target}"));
    }

    private static bool Leads(string page, string target)
    {
        var parts = target.Split('#');
        var path = parts[0] is ""
            ? Path.Combine(Repository.Root, page)
            : Path.Combine(Repository.Root, Path.GetDirectoryName(page)!, parts[0]);
        if (parts.Length == 1)
            return File.Exists(path) || Directory.Exists(path);
        return File.Exists(path) && Headings(path).Contains(parts[1]);
    }

    // As GitHub makes an anchor of a heading.
    private static IEnumerable<string> Headings(string path) =>
        from line in File.ReadLines(path)
        where line.StartsWith('#')
        let heading = line.TrimStart('#').Trim().ToLowerInvariant()
        select Punctuation().Replace(heading, "").Replace(' ', '-');

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"[^\p{L}\p{N}\s_-]")]
    private static partial Regex Punctuation();
}
