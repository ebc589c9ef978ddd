using OcspLab.Lab.Timelines;
using OcspLab.LabConsole.Watching;
using OcspLab.Responder.Faults;

namespace OcspLab.LabConsole.Telling;

/// <summary>The page in Chinese.</summary>
public sealed class Chinese : Language
{
    public override string Code => "zh";

    public override string Name => "中文";

    public override string Result(HandshakeResult result) =>
        result switch
        {
            HandshakeResult.Good => "有效 (good)",
            HandshakeResult.Revoked => "已吊销 (revoked)",
            HandshakeResult.Unstapled => "没有装订",
            HandshakeResult.Expired => "过期的响应",
            HandshakeResult.Wrong => "不可信的响应",
            _ => "握手失败",
        };

    public override string Sentence(string server, ServerSituation situation)
    {
        var since = Duration(situation.For);
        var until = situation.Until is { } end ? $"，有效期到 {Time(end)}" : "";
        return situation.Kind switch
        {
            SituationKind.Waiting => $"{server}：还没有观察到。",
            SituationKind.Good => $"{server} 说证书有效，事实也是如此{until}。",
            SituationKind.StillGood => $"证书吊销 {Duration(situation.Behind)}之后，{server} 仍然说有效{until}。",
            SituationKind.Revoked => $"{server} 已经 {since}说证书被吊销：它的客户端都知道了。",
            SituationKind.StillRevoked => $"证书恢复有效 {Duration(situation.Behind)}之后，{server} 仍然说已吊销。",
            SituationKind.Nothing => $"{server} 已经 {since}没有装订任何响应：客户端只能自己去问，或者不问。",
            SituationKind.Expired => $"{server} 已经 {since}装订着过期的响应：任何客户端都不应相信。",
            SituationKind.Wrong => $"{server} 已经 {since}装订着不可信的响应（{situation.Reason}）。",
            _ => $"{server} 已经 {since}没有完成握手。",
        };
    }

    public override string Event(LabEvent happened) =>
        happened.Kind switch
        {
            LabEventKind.Revoked => "证书被吊销",
            LabEventKind.Restored => "证书恢复有效",
            LabEventKind.FaultBegan => $"响应服务器开始出错：{FaultNamed(happened.About)}",
            LabEventKind.FaultEnded => $"响应服务器不再出错：{FaultNamed(happened.About)}",
            LabEventKind.ResponderClosed => "响应服务器的端口关闭了",
            LabEventKind.ResponderOpened => "响应服务器的端口打开了",
            LabEventKind.Restarted => $"{happened.About} 重启了",
            LabEventKind.Killed => $"{happened.About} 被杀掉了",
            LabEventKind.Refreshed => $"要求 {happened.About} 刷新装订的响应",
            LabEventKind.Burst => $"大量客户端同时访问 {happened.About}",
            LabEventKind.Visited => $"浏览器访问了 {happened.About}",
            LabEventKind.Paused => "观察暂停",
            _ => "继续观察",
        };

    public override string Duration(TimeSpan duration) =>
        duration switch
        {
            { TotalSeconds: < 90 } => $"{duration.TotalSeconds:0} 秒",
            { TotalMinutes: < 90 } => $"{duration.TotalMinutes:0} 分钟",
            _ => $"{duration.TotalHours:0.#} 小时",
        };

    public override string Fault(FaultKind kind) => Faults[kind];

    public override TourText Step(string name) => Steps[name];

    protected override IReadOnlyDictionary<string, string> Texts { get; } =
        new Dictionary<string, string>
        {
            ["title"] = "OCSP 装订，实时",
            ["lead"] =
                "TLS 服务器可以随证书一起出示颁发机构签名的最新答复，说明证书有效还是已吊销。这样的答复就是“装订”"
                + "（OCSP，在线证书状态协议）。这里的几台服务器使用同一张证书（echo，用于 echocert.lab）。看看它们各自装订了什么。",
            ["what"] = "谁是谁",
            ["kestrel"] = ".NET 的 Web 服务器，使用 OcspLab 的装订：提前查询，验证答复，并保存在磁盘上。",
            ["kestrel-builtin"] = "同一种 Web 服务器，使用 .NET 内置的装订：答复快过期时才再问。",
            ["nginx"] = "nginx，按文章的方法设置 ssl_stapling：有客户端来了才去问。",
            ["nginx-kept"] = "nginx，由 “ocsplab keep” 提供装订的响应。",
            ["haproxy"] = "HAProxy，在机群前面：每个连接原样转给下一台站点。",
            ["site"] =
                "使用 OcspLab 装订的 Kestrel，机群中的一台：所有站点在 Redis 中共享装订的响应，由其中一台代大家去问。",
            ["responder"] = "响应服务器",
            ["responderWhat"] = "颁发机构的服务器，回答关于证书状态的查询。所有服务器都向它查询。",
            ["paused"] = "观察已暂停：以下是暂停时的情况。",
            ["help"] = "怎样看图",
            ["misbehave"] = "出错：{0}",
            ["noLab"] = "实验环境还没有启动。",
            ["noResponder"] = "响应服务器的管理端口没有应答。",
            ["now"] = "现在",
            ["strips"] = "客户端得到的装订",
            ["stripsHelp"] =
                "色条从左到右是客户端得到的装订；没有色条的地方没有人在观察。竖的虚线是发生的事件，实线是现在。色条上方的"
                + "细线表示最近看到的答复的有效期，即使它已不再被装订。下方的短线是到达响应服务器的查询。选择色条的一段可以细看。",
            ["window"] = "显示最近",
            ["pause"] = "暂停观察",
            ["resume"] = "继续观察",
            ["cost"] = "每秒与每台服务器握手一次。",
            ["actions"] = "动手试试",
            ["revoke"] = "吊销证书",
            ["restore"] = "恢复证书",
            ["close"] = "关闭响应服务器的端口",
            ["open"] = "打开响应服务器的端口",
            ["fault"] = "让响应服务器出错",
            ["faultKind"] = "怎样出错",
            ["for"] = "持续",
            ["forever"] = "直到手动结束",
            ["begin"] = "开始",
            ["heal"] = "结束所有错误",
            ["restart"] = "重启 {0}",
            ["part"] = "机群的一部分",
            ["kill"] = "杀掉 {0}",
            ["refresh"] = "让 kestrel 刷新响应",
            ["burst"] = "50 个客户端同时访问 {0}",
            ["browse"] = "用 {0} 访问 {1}",
            ["server"] = "服务器",
            ["same"] = "命令行上同样的操作：",
            ["busy"] = "进行中……",
            ["waits"] = "稍后执行",
            ["done"] = "完成：",
            ["failed"] = "没有成功：",
            ["events"] = "发生了什么",
            ["nothing"] = "还没有",
            ["moment"] = "细看一次握手",
            ["momentHelp"] = "请在上面的色条中选择一段。",
            ["earlier"] = "更早",
            ["later"] = "更晚",
            ["closeMoment"] = "关闭",
            ["verdict"] = "结论",
            ["validity"] = "有效期",
            ["produced"] = "签名时间",
            ["signer"] = "签名者",
            ["algorithm"] = "签名算法",
            ["certId"] = "证书标识 (CertID)",
            ["handshake"] = "握手",
            ["chain"] = "证书",
            ["bytes"] = "下载",
            ["staple"] = "装订的响应 (DER)",
            ["pem"] = "证书链 (PEM)",
            ["log"] = "前后两秒内的日志",
            ["journal"] = "对响应服务器的查询",
            ["journalFilter"] = "只看",
            ["all"] = "全部",
            ["time"] = "时间",
            ["who"] = "谁在问",
            ["said"] = "怎样回答",
            ["tour"] = "导览",
            ["start"] = "开始导览",
            ["step"] = "第 {0} 步，共 {1} 步",
            ["do"] = "请做：",
            ["watch"] = "然后观察：",
            ["seen"] = "看到了。",
            ["notYet"] = "还没有看到……",
            ["next"] = "继续",
            ["skip"] = "跳过这一步",
            ["end"] = "结束导览",
            ["over"] = "导览到此结束。每一步都是在与真实服务器的握手中亲眼看到的。",
            ["skipped"] = "导览到此结束。",
            ["export"] = "保存",
            ["exportHtml"] = "另存为报告（HTML，不含脚本）",
            ["exportJson"] = "另存为数据（JSON）",
            ["lost"] = "控制台没有应答。实验环境还在运行吗？",
            ["legend"] = "图例",
            ["loginTitle"] = "请使用另一个地址",
            ["login"] = "本页只接受实验环境启动时打印出来的地址。请打开那个地址。",
        };

    private static readonly Dictionary<FaultKind, string> Faults = new()
    {
        [FaultKind.Delay] = "延迟",
        [FaultKind.Hang] = "不应答",
        [FaultKind.Close] = "断开连接",
        [FaultKind.Http500] = "HTTP 500",
        [FaultKind.Html] = "返回 HTML",
        [FaultKind.TryLater] = "tryLater",
        [FaultKind.InternalError] = "internalError",
        [FaultKind.Unauthorized] = "unauthorized",
        [FaultKind.MalformedRequest] = "malformedRequest",
        [FaultKind.Malformed] = "无法解析",
        [FaultKind.Truncated] = "截断",
        [FaultKind.Oversized] = "过大",
        [FaultKind.WrongSerial] = "序列号不符",
        [FaultKind.WrongSigner] = "签名者不符",
        [FaultKind.SignerWithoutOcspSigning] = "签名者没有 OCSPSigning",
        [FaultKind.ExpiredSigner] = "签名者已过期",
        [FaultKind.BadSignature] = "签名错误",
        [FaultKind.Expired] = "已过期",
        [FaultKind.Future] = "尚未生效",
        [FaultKind.NoNextUpdate] = "没有 nextUpdate",
        [FaultKind.Unknown] = "unknown",
        [FaultKind.ShortValidity] = "有效期很短",
    };

    private static readonly Dictionary<string, TourText> Steps = new()
    {
        ["good"] = new(
            "几台服务器，一张证书",
            "什么也不用做：看色条。",
            "kestrel 和 nginx（如果有）都装订着“有效”。",
            "它们都问过证书的颁发机构，并在每次握手中出示签名的答复。客户端不必再问任何人：这就是装订。"
        ),
        ["coldStart"] = new(
            "nginx 从零开始",
            "重启 nginx。",
            "最初的一次握手没有装订（色条上一小段细灰线）；随后又说有效。",
            "nginx 要等客户端来了才去问，重启之后全部忘记，最初的客户端什么也得不到。kestrel 在打开端口之前就问，并把"
                + "响应保存在磁盘上。"
        ),
        ["revoked"] = new(
            "证书被吊销",
            "吊销证书，就像密钥被盗时那样。",
            "kestrel 几秒之内说已吊销；其他服务器仍然说有效。",
            "颁发机构说已吊销。kestrel 很快再问并转告客户端，访问者的浏览器于是拒绝这张证书。kestrel-builtin 要等答复快过期时"
                + "才知道。nginx 把旧的答复用到过期，之后什么也不装订：它自己取得的“已吊销”响应，它不会装订。"
        ),
        ["restored"] = new("恢复有效", "恢复证书。", "kestrel 说有效。", "在实验环境之外，只有被暂停的证书才能恢复。"),
        ["outage"] = new(
            "颁发机构不在了",
            "关闭响应服务器的端口。",
            "kestrel 继续说有效：五次握手以上。",
            "装订的响应在过期之前一直有效，不管谁不在。在此期间，无论访问哪台服务器，客户端都察觉不到故障。"
        ),
        ["outageRestart"] = new(
            "不合时宜的重启",
            "在端口关闭时重启 nginx。",
            "nginx 不再装订；kestrel 仍然说有效。",
            "nginx 忘记了答复，又得不到新的；换作 kestrel，会从磁盘上读出来。如果证书要求必须装订 (must-staple)，nginx 的网站"
                + "现在就无法访问了。"
        ),
        ["over"] = new(
            "颁发机构回来了",
            "打开响应服务器的端口，再重启一次 nginx：否则它几分钟之内不会再问。",
            "nginx 说有效。",
            "失败一次之后，nginx 要等几分钟才再问。"
        ),
        ["forged"] = new(
            "伪造的答复",
            "让响应服务器在一分钟内签名出错，然后让 kestrel 刷新响应：刷新会报告失败，这正是要看到的。",
            "响应服务器被问到并且撒了谎；kestrel 仍然用旧的响应说有效。",
            "验证不了的，绝不装订，也绝不取代验证过的。"
        ),
    };
}
