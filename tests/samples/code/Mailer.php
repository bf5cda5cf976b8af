<?php

namespace App\Mail;

use Psr\Log\LoggerInterface;

/** Sends letters. */
final class Mailer
{
    public function __construct(private LoggerInterface $log) {}

    #[Pure]
    public function send(string $to, array $with = []): bool
    {
        $body = <<<HTML
        <p>{ not a brace</p>
        HTML;
        $call = function ($x) use ($to) {
            return $x;
        };
        return true;
    }
}

function helper(&$value) {
    return $value;
}
