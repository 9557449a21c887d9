cat banner.yaml
kubectl exec three -- sh -c 'echo "env: $BANNER"; echo "folder: $(cat /etc/banner/text)"; echo "single: $(cat /etc/single)"'
kubectl patch configmap banner -p '{"data": {"text": "second edition"}}'
kubectl annotate pod three look=now
kubectl exec three -- sh -c 'echo "env: $BANNER"; echo "folder: $(cat /etc/banner/text)"; echo "single: $(cat /etc/single)"'
podlab answer how-to-tell b
