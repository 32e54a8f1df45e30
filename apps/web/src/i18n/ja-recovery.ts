import type { enRecovery } from './en-recovery';
import type { Translated } from './texts';

/** `en-recovery` を参照。 */
export const jaRecovery = {
  'recovery.title': '復元コード',
  'recovery.text':
    'すべての端末を失ったとき、暗号化されたメッセージを取り戻せるのは復元コードだけです。サーバーの運営者にもできません。',
  'recovery.off': 'バックアップはありません。すべての端末を失うと、暗号化されたメッセージは失われます。',
  'recovery.locked':
    'バックアップがありますが、この端末の分は加えられていません。ここで復元コードを入力すると、加えられるようになります。',
  'recovery.running': 'メッセージをバックアップしています…',
  'recovery.restoring': 'バックアップからメッセージを受け取っています',
  'recovery.kept': 'バックアップ済み（{when}）',
  'recovery.size': 'バックアップはサーバー上のあなたの容量のうち {size} を使っています。',
  'recovery.failed': 'バックアップされていません：{why}',
  'recovery.make': '復元コードを作る',
  'recovery.replace': '新しいコードを作る',
  'recovery.enter': '復元コードを入力',
  'recovery.end': 'バックアップをやめる',
  'recovery.end.title': 'バックアップをやめますか？',
  'recovery.end.text':
    'サーバーから消去され、コードでは何も開けなくなります。その後すべての端末を失うと、暗号化されたメッセージは失われます。',
  'recovery.ended': 'バックアップを消去しました。',
  'recovery.make.lead':
    'このコードを書き留め、端末がなくても見つけられる場所に保管してください。表示されるのは今回だけです。',
  'recovery.make.replaces': '今のコードの代わりになります。今のコードでは何も開けなくなります。',
  'recovery.make.secret': 'このコードとあなたのパスワードを持つ人は、暗号化されたメッセージを読めます。',
  'recovery.make.code': '復元コード',
  'recovery.make.next': '書き留めました',
  'recovery.check.lead': '念のため、2 つの組を入力してください。',
  'recovery.check.group': '{number} 番目の組',
  'recovery.check.wrong': '表示されていたものと違います。書き留めたものを確かめるか、前に戻ってください。',
  'recovery.check.back': 'コードをもう一度表示',
  'recovery.check.done': 'バックアップを始める',
  'recovery.made': 'バックアップを始めました。この端末が最新に保ちます。',
  'recovery.enter.lead':
    'バックアップを始めたときに書き留めたコードを入力してください。メッセージがこの端末に届きます。',
  'recovery.enter.none':
    'サーバーにバックアップはありません。失った端末だけが読めたものは取り戻せません。これから書かれるものはすべてここにあります。',
  'recovery.enter.code': '復元コード',
  'recovery.enter.done': 'メッセージを取り戻す',
  'recovery.entered': 'コードは正しいです。メッセージが届きます。',
  'recovery.instead': '代わりに復元コードを使う',
} as const satisfies Translated<typeof enRecovery, 'other'>;
