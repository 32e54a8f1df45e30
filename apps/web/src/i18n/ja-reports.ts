import type { enReports } from './en-reports';
import type { Translated } from './texts';

/** `en-reports` を参照。 */
export const jaReports = {
  'report.title': '{name}さんを通報',
  'report.lead': '通報は、あなたの名前とともにこのサーバーの運営者に届きます。ほかの人には知らされません。',
  'report.reason': '理由',
  'report.reason.spam': 'スパム',
  'report.reason.spam.hint': '宣伝、詐欺、同じことの繰り返し。',
  'report.reason.harassment': '嫌がらせ',
  'report.reason.harassment.hint': '侮辱、脅し、つきまとい。',
  'report.reason.danger': '誰かが危険にさらされている',
  'report.reason.danger.hint':
    '急ぐときは、先に助けを呼んでください。通報が読まれるのは遅くなることがあります。',
  'report.reason.illegal': '法律に反している',
  'report.reason.illegal.hint': '法律で発言や共有が禁じられているもの。',
  'report.reason.other': 'その他',
  'report.reason.other.hint': '何であるかをメモに書いてください。',
  'report.reason.error': '理由を選んでください。',
  'report.note': 'メモ',
  'report.note.hint': '理解してもらうために必要なこと。',
  'report.note.error': '何であるかを書いてください。',
  'report.shown': '運営者に見えるもの',
  'report.shown.none':
    '発言は何も見せません。メッセージを見せるには、チャットで選んで、そこから通報してください。',
  'report.shown.open':
    'このサーバーの運営者には、これらのメッセージと、編集される前の内容が見えます。ファイルは名前だけで、中身は見えません。',
  'report.shown.encrypted':
    'このチャットは暗号化されています。見えるのはここで選んだものだけで、ほかは何も見えません。このサーバーの運営者には、これらのメッセージと、編集される前の内容が見えます。ファイルは名前だけで、中身は見えません。',
  'report.block': '{name}さんのブロックもする',
  'report.block.hint': '相手はもうあなたに書けません。これまでの会話は残ります。',
  'report.block.hint_request': '相手はもうあなたに書けません。リクエストは削除されます。',
  'report.submit': '通報を送信',
  'report.sent': '通報を送信しました。',
  'report.sent_without': {
    other: 'メッセージ{count}件を除いて通報を送信しました。その内容を証明するものがありません。',
  },
  'report.error.offline':
    '通報にはサーバーへの接続が必要ですが、今は接続がありません。書いたものはここに残ります。接続が戻ったら送信してください。',
  'report.error.too_large': '1件の通報で見せられる量を超えています。メッセージを減らしてください。',
  'report.error.limit_reached': 'まだ処理されていない通報が多いため、これ以上は送れません。',
  'report.error.entries':
    'これらのメッセージのうち1件の内容を、サーバーが確認できません。削除された可能性があります。ほかのものを選んでください。',

  'reports.title': '通報',
  'reports.lead': 'ほかの人について寄せられた通報です。このサーバーの管理者だけに見えます。',
  'reports.which': '表示',
  'reports.open': '未処理',
  'reports.closed': '処理済み',
  'reports.open.none': '通報はありません。',
  'reports.closed.none': '処理済みの通報はありません。保存期間は90日です。',
  'reports.by': '{name}さん（@{handle}）が通報、{when}',
  'reports.evidence': '発言',
  'reports.evidence.none': 'メッセージは見せられていません。',
  'reports.sealed':
    '暗号化されたチャットから。その端末がこの言葉をそのまま送ったことを、サーバーが確認しました。',
  'reports.changed': '変更後、{when}',
  'reports.options': '選択肢',
  'reports.preview': 'リンクのプレビュー',
  'reports.files': 'ファイル',
  'reports.close': '処理を終える',
  'reports.close_label': '{name}さんへの通報の処理を終える',
  'reports.close.note': '行ったこと',
  'reports.close.note.hint': 'このサーバーの管理者だけに見えます。',
  'reports.close.done': '通報の処理を終えました。',
  'reports.closed_by': '{name}さんが処理、{when}',
} as const satisfies Translated<typeof enReports, 'other'>;
