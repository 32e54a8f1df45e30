import type { enHandover } from './en-handover';
import { jaRecovery } from './ja-recovery';
import type { Translated } from './texts';

/** `en-handover` を参照。 */
export const jaHandover = {
  ...jaRecovery,

  'handover.get.title': 'メッセージを受け取る',
  'handover.get.lead':
    '暗号化されたメッセージはサーバーではなく、あなたの端末にあります。ほかの端末からこの端末に引き継ぐことができます。',
  'handover.get.steps':
    'ほかの端末で「設定」の「端末」を開き、「新しい端末にメッセージを引き継ぐ」を選びます。そこでこのコードを読み取るか、入力してください。',
  'handover.get.qr': '下のコードの QR コード',
  'handover.get.code': 'コード',
  'handover.get.secret': 'このコードをほかの人に見せないでください。',
  'handover.get.preparing': 'コードを作っています…',
  'handover.get.waiting': 'ほかの端末を待っています…',
  'handover.get.running': 'メッセージを受け取っています',
  'handover.get.placing': { other: 'あと {count} 件のメッセージを元の位置に戻しています。' },
  'handover.get.done': {
    other: 'ほかの端末から {count} 件のメッセージを受け取りました。',
  },
  'handover.get.nothing': 'ほかの端末には、この端末で使えるものがありませんでした。',
  'handover.get.keep': 'その間も Pipit を使えます。閉じた場合は、次に開いたときに続きます。',
  'handover.get.again': '新しいコードを作る',
  'handover.get.stop': '中止',
  'handover.get.later': '今はしない',
  'handover.failed.expired':
    '時間内にコードが使われなかったか、ほかの端末で断られました。ほかの端末が手元にあるときに、新しいコードを作ってください。',
  'handover.failed.gone': '相手側が中止しました。受け取った分は残ります。',
  'handover.failed.damaged':
    '届いたものを読めません。途中で変更されています。新しいコードでもう一度お試しください。',

  'handover.give.title': '新しい端末にメッセージを引き継ぐ',
  'handover.give.lead':
    '新しい端末に表示されるコードを入力するか読み取ってください。これで承認され、この端末が読める暗号化された会話の内容が渡されます。',
  'handover.give.code': '新しい端末のコード',
  'handover.give.code.hint': '英数字 4 文字が 7 組です。',
  'handover.give.check': '続ける',
  'handover.give.scan': 'カメラで読み取る',
  'handover.give.scan.stop': 'カメラを止める',
  'handover.give.scan.aim': '新しい端末のコードにカメラを向けてください。',
  'handover.give.who': '{name} があなたのメッセージを求めています（{when}）。',
  'handover.give.sure':
    '自分のもので、目の前にある端末だけを承認してください。この端末で読めるものをすべて読めるようになります。',
  'handover.give.approve': '承認',
  'handover.give.decline': '自分のものではない',
  'handover.give.declined':
    '何も引き継がれていません。その端末に心当たりがなければ、ここでサインアウトさせてください。',
  'handover.give.running': '{name} に引き継いでいます',
  'handover.give.keep': '終わるまで、この端末で Pipit を開いたままにしてください。',
  'handover.give.done': '{name} がメッセージを受け取りました。',
  'handover.give.failed': 'メッセージは {name} に引き継がれませんでした。',

  'handover.progress': '{percent} %',
  'handover.banner.waiting': '{name} があなたのメッセージを求めています。',
  'handover.banner.look': '見る',
  'handover.banner.gap': 'この端末では、加わる前に書かれたものを読めません。',
  'handover.banner.get': '受け取る',
  'handover.banner.taking': 'メッセージを受け取っています：{percent} %',
  'handover.banner.giving': '{name} に引き継いでいます：{percent} %',
  'handover.settings.title': '暗号化されたメッセージ',
  'handover.settings.text':
    'あなたの端末だけにあります。新しい端末は、すでにサインインしている端末から受け取ります。',
} as const satisfies Translated<typeof enHandover, 'other'>;
