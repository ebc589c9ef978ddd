namespace OcspLab.Testing.Forge;

/// <summary>
/// One change to one value of a DER tree. What there is to change is counted modulo, so that every mutation applies to
/// every tree.
/// </summary>
public sealed record Mutation(MutationKind Kind, int Target, byte[] Octets)
{
    public void Apply(DerNode tree)
    {
        var nodes = tree.Walk().ToList();
        var node = nodes[Target % nodes.Count];
        var children = node.Children is { Count: > 0 } list ? list : null;
        var octet = Octets.Length > 0 ? Octets[0] : (byte)0;
        switch (Kind)
        {
            case MutationKind.Retag:
                node.Tag = [octet];
                break;
            case MutationKind.Replace:
                node.Content = Octets;
                break;
            case MutationKind.Extend:
                node.Content = [.. Content(node), .. Octets];
                break;
            case MutationKind.Shorten:
                node.Content = Content(node)[..^Math.Min(Content(node).Length, 1 + (octet % 8))];
                break;
            case MutationKind.FlipBit when Content(node) is { Length: > 0 } content:
                content[Target % content.Length] ^= (byte)(1 << (octet % 8));
                node.Content = content;
                break;
            case MutationKind.Duplicate when children is not null:
                children.Insert(octet % (children.Count + 1), children[Target % children.Count]);
                break;
            case MutationKind.Remove when children is not null:
                children.RemoveAt(octet % children.Count);
                break;
            case MutationKind.Swap when children is not null:
                (children[0], children[octet % children.Count]) = (children[octet % children.Count], children[0]);
                break;
            case MutationKind.Insert when children is not null:
                children.Insert(octet % (children.Count + 1), DerNode.Primitive(octet, Octets));
                break;
            case MutationKind.Graft when children is not null:
                children.Insert(octet % (children.Count + 1), nodes[(Target / 7) % nodes.Count].Copy());
                break;
            case MutationKind.WriteLong:
                node.Length = LengthForm.Overlong;
                break;
            case MutationKind.LeaveOpen:
                node.Length = LengthForm.Indefinite;
                break;
            default:
                // Nothing here to do it to.
                break;
        }
    }

    private static byte[] Content(DerNode node) =>
        node.Children is null ? [.. node.Content] : [.. node.Children.SelectMany(child => child.Encode())];
}

public enum MutationKind
{
    Retag,
    Replace,
    Extend,
    Shorten,
    FlipBit,
    Duplicate,
    Remove,
    Swap,
    Insert,
    Graft,
    WriteLong,
    LeaveOpen,
}
