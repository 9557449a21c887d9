podlab answer who-killed "perhaps: the reason beside the code says it"
kubectl delete pod stubborn polite
