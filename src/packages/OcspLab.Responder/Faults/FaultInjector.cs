using System.Text;
using OcspLab.Ocsp.Requests;
using OcspLab.Ocsp.Responses;
using OcspLab.Ocsp.Signing;
using OcspLab.Responder.Authorities;
using OcspLab.Responder.Responding;
using OcspLab.Responder.Telemetry;

namespace OcspLab.Responder.Faults;

/// <summary>Does to a right answer what a fault asks for.</summary>
internal sealed class FaultInjector(
    FaultPlan plan,
    FaultySigners signers,
    AuthorityDirectory authorities,
    TimeProvider clock
)
{
    /// <summary>False for most requests of most responders.</summary>
    public bool IsArmed => !plan.IsEmpty;

    /// <summary>The fault for this request, or null.</summary>
    public Fault? Take(PreparedResponse right) => plan.Take(right.SerialNumbers);

    /// <summary>
    /// The bytes that a fault makes of the right answer; the same answer where it is about the connection only, or the
    /// right one is an error.
    /// </summary>
    public PreparedResponse Spoil(PreparedResponse right, Fault fault) =>
        fault.Kind switch
        {
            FaultKind.TryLater => PreparedResponse.Error(OcspResponseStatus.TryLater, right.SerialNumbers),
            FaultKind.InternalError => PreparedResponse.Error(OcspResponseStatus.InternalError, right.SerialNumbers),
            FaultKind.Unauthorized => PreparedResponse.Error(OcspResponseStatus.Unauthorized, right.SerialNumbers),
            FaultKind.MalformedRequest => PreparedResponse.Error(
                OcspResponseStatus.MalformedRequest,
                right.SerialNumbers
            ),
            FaultKind.Malformed => With(right, "this is not an OCSP response"u8.ToArray()),
            FaultKind.Truncated => With(right, right.Body[..(right.Body.Length / 2)]),
            FaultKind.Oversized => With(right, Enlarge(right.Body)),
            FaultKind.BadSignature => With(right, FlipSignature(right.Body)),
            FaultKind.Delay or FaultKind.Hang or FaultKind.Close or FaultKind.Http500 or FaultKind.Html => right,
            _ => SignAnew(right, fault),
        };

    /// <summary>Does to the connection what a fault asks for.</summary>
    /// <returns>True when nothing is left to be sent.</returns>
    public async Task<bool> InterruptAsync(HttpContext context, Fault fault)
    {
        switch (fault.Kind)
        {
            case FaultKind.Delay:
                await Task.Delay(fault.Duration, clock, context.RequestAborted).ConfigureAwait(false);
                return false;
            case FaultKind.Hang:
                await Task.Delay(Timeout.InfiniteTimeSpan, clock, context.RequestAborted)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return true;
            case FaultKind.Close:
                context.Abort();
                return true;
            case FaultKind.Http500:
                context.Response.StatusCode = StatusCodes.Status500InternalServerError;
                await context
                    .Response.WriteAsync("Internal Server Error\n", context.RequestAborted)
                    .ConfigureAwait(false);
                return true;
            case FaultKind.Html:
                context.Response.ContentType = "text/html; charset=utf-8";
                await context
                    .Response.WriteAsync(
                        "<!DOCTYPE html><title>Welcome</title><p>Please accept the terms of this network.",
                        Encoding.UTF8,
                        context.RequestAborted
                    )
                    .ConfigureAwait(false);
                return true;
            default:
                return false;
        }
    }

    private PreparedResponse SignAnew(PreparedResponse right, Fault fault)
    {
        if (
            !OcspResponse.TryDecode(right.Body, out var response, out _)
            || response.Basic is not { } basic
            || authorities.Find([.. basic.Responses.Select(single => single.CertId!)]) is not { } authority
        )
            return right;
        var now = clock.GetUtcNow();
        var key = signers.Find(fault.Kind) ?? authority.Signers[0].Key;
        var entries = basic.Responses.Select(single =>
            Spoil(
                new OcspResponseEntry(single.CertId!, single.Status, single.ThisUpdate, single.NextUpdate),
                fault,
                now
            )
        );
        var producedAt = fault.Kind == FaultKind.Expired ? now - LongAgo : now;
        return With(
            right,
            OcspResponseBuilder.Build(
                [.. entries],
                key,
                authority.Issuer,
                producedAt,
                new OcspSigningOptions { Nonce = basic.Nonce }
            )
        ) with
        {
            Outcome = fault.Kind == FaultKind.Unknown ? ResponseOutcome.Unknown : right.Outcome,
        };
    }

    private static OcspResponseEntry Spoil(OcspResponseEntry answer, Fault fault, DateTimeOffset now) =>
        fault.Kind switch
        {
            FaultKind.WrongSerial => answer with { CertId = Next(answer.CertId) },
            FaultKind.Expired => answer with { ThisUpdate = now - LongAgo, NextUpdate = now - (LongAgo / 2) },
            FaultKind.Future => answer with
            {
                ThisUpdate = now + TimeSpan.FromDays(1),
                NextUpdate = now + TimeSpan.FromDays(2),
            },
            FaultKind.NoNextUpdate => answer with { NextUpdate = null },
            FaultKind.Unknown => answer with { Status = CertStatus.Unknown },
            FaultKind.ShortValidity => answer with { NextUpdate = now + fault.Duration },
            _ => answer,
        };

    private static CertId Next(CertId id)
    {
        var serial = id.SerialNumber.ToArray();
        serial[^1] ^= 1;
        return new CertId(id.Hash, id.IssuerNameHash, id.IssuerKeyHash, serial);
    }

    // Neither is to be cached: it is for the one who asked.
    private static PreparedResponse With(PreparedResponse right, ReadOnlyMemory<byte> body) =>
        right with
        {
            Body = body,
            Caching = null,
        };

    private static byte[] Enlarge(ReadOnlyMemory<byte> body)
    {
        var large = new byte[body.Length + (20 * 1024 * 1024)];
        body.CopyTo(large);
        return large;
    }

    private static ReadOnlyMemory<byte> FlipSignature(ReadOnlyMemory<byte> body)
    {
        if (!OcspResponse.TryDecode(body, out var response, out _) || response.Basic is not { } basic)
            return body;
        var flipped = body.ToArray();
        flipped[flipped.AsSpan().IndexOf(basic.Signature.Span) + (basic.Signature.Length / 2)] ^= 1;
        return flipped;
    }

    private static readonly TimeSpan LongAgo = TimeSpan.FromHours(2);
}
